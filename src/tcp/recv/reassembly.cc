#include "tcp/recv/reassembly.h"

#include <algorithm>

#include "tcp/recv/recv_queue.h"

namespace leat {

std::size_t Reassembly::first_ending_after(StreamPos pos) const {
  if (!pieces_.empty() && pieces_.back().end() <= pos) return pieces_.size();
  std::size_t low = 0, high = pieces_.size();
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (pieces_[middle].end() > pos) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

Reassembly::Outcome Reassembly::insert(StreamPos pos, Slice slice, BufferPool& pool, std::size_t most_memory) {
  const StreamPos end = pos + static_cast<StreamPos>(slice.size());
  std::size_t first = first_ending_after(pos);
  StreamPos from = pos;
  if (first < pieces_.size() && pieces_[first].pos <= pos) {
    from = std::min(end, pieces_[first].end());
    add_duplicate({pos, from});
    ++first;
  }
  Run run{first, first};
  for (; run.end < pieces_.size() && pieces_[run.end].end() <= end; ++run.end) {
    run.bytes += pieces_[run.end].slice.size();
    run.memory += pieces_[run.end].slice.capacity();
  }
  const StreamPos to = run.end < pieces_.size() ? std::min(end, pieces_[run.end].pos) : end;
  const bool is_news = static_cast<StreamPos>(run.bytes) < to - from;
  slice = slice.part(static_cast<std::size_t>(from - pos), static_cast<std::size_t>(to - from));
  if (is_news && !make_room(slice, run, pool, most_memory)) return Outcome::refused;
  for (std::size_t i = run.begin; i < run.end; ++i) add_duplicate({pieces_[i].pos, pieces_[i].end()});
  add_duplicate({to, end});
  remember({pos, end});
  if (!is_news) return Outcome::duplicate;
  put_in_place_of(run, {from, std::move(slice)});
  return Outcome::queued;
}

/// Whether `slice` may be kept in place of `run`; it is copied where it would hold much more than itself.
bool Reassembly::make_room(Slice& slice, const Run& run, BufferPool& pool, std::size_t most_memory) const {
  if (pieces_.size() - (run.end - run.begin) >= kMaxPieces) return false;
  const bool wastes = wastes_its_block(slice);
  const std::size_t memory = wastes ? size_of(class_for(slice.size())) : slice.capacity();
  if (memory_ - run.memory + memory > std::max(most_memory, kLeastMemory)) return false;
  if (wastes) slice = pool.copy_of(slice.bytes());
  return static_cast<bool>(slice);
}

void Reassembly::put_in_place_of(const Run& run, Piece piece) {
  bytes_ += piece.slice.size() - run.bytes;
  memory_ += piece.slice.capacity() - run.memory;
  if (run.begin == run.end) return pieces_.insert(run.begin, std::move(piece));
  pieces_[run.begin] = std::move(piece);
  pieces_.erase(run.begin + 1, run.end - run.begin - 1);
}

std::optional<Slice> Reassembly::pop_at(StreamPos rcv_nxt) {
  while (!pieces_.empty()) {
    Piece& head = pieces_.front();
    if (head.pos > rcv_nxt) break;
    const std::size_t length = head.slice.size();
    const std::size_t skip = static_cast<std::size_t>(rcv_nxt - head.pos);
    bytes_ -= length;
    memory_ -= head.slice.capacity();
    add_duplicate({head.pos, std::min(rcv_nxt, head.end())});
    if (skip >= length) {
      pieces_.pop_front();
      continue;
    }
    Slice slice = std::move(head.slice);
    pieces_.pop_front();
    slice.remove_front(skip);
    return slice;
  }
  return std::nullopt;
}

void Reassembly::remember(Range range) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < recent_count_; ++i) {
    if (recent_[i].touches(range)) {
      range = {std::min(range.begin, recent_[i].begin), std::max(range.end, recent_[i].end)};
    } else {
      recent_[kept++] = recent_[i];
    }
  }
  recent_count_ = std::min(kept + 1, recent_.size());
  for (std::size_t i = recent_count_ - 1; i > 0; --i) recent_[i] = recent_[i - 1];
  recent_[0] = range;
}

void Reassembly::forget_blocks_before(StreamPos rcv_nxt) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < recent_count_; ++i) {
    if (recent_[i].end > rcv_nxt) recent_[kept++] = recent_[i];
  }
  recent_count_ = kept;
}

void Reassembly::add_duplicate(Range range) {
  if (range.empty()) return;
  if (duplicate_.empty()) {
    duplicate_ = range;
  } else if (duplicate_.touches(range)) {
    duplicate_ = {std::min(duplicate_.begin, range.begin), std::max(duplicate_.end, range.end)};
  }
}

void Reassembly::clear() {
  pieces_.clear();
  bytes_ = memory_ = 0;
  recent_count_ = 0;
}

}  // namespace leat
