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

Reassembly::Outcome Reassembly::insert(StreamPos pos, Slice slice, BufferPool& pool) {
  const StreamPos end = pos + static_cast<StreamPos>(slice.size());
  const StreamPos begin = pos;
  Outcome outcome = Outcome::duplicate;
  std::size_t i = first_ending_after(pos);
  while (pos < end) {
    const StreamPos gap_end = i < pieces_.size() ? std::min(end, pieces_[i].pos) : end;
    if (pos < gap_end) {
      const std::size_t from = static_cast<std::size_t>(pos - begin);
      const Outcome here = insert_into_gap(i, pos, slice.part(from, static_cast<std::size_t>(gap_end - pos)), pool);
      if (here == Outcome::refused) return outcome == Outcome::queued ? outcome : here;
      remember({pos, gap_end});
      pos = gap_end;
      outcome = Outcome::queued;
      ++i;
    }
    if (i >= pieces_.size() || pos >= end) break;
    const StreamPos piece_end = pieces_[i].end();
    add_duplicate({pos, std::min(end, piece_end)});
    remember({pos, std::min(end, piece_end)});
    pos = piece_end;
    ++i;
  }
  return outcome;
}

Reassembly::Outcome Reassembly::insert_into_gap(std::size_t index, StreamPos pos, Slice slice, BufferPool& pool) {
  if (pieces_.size() >= kMaxPieces) return Outcome::refused;
  if (wastes_its_block(slice)) {
    Slice copy = pool.copy_of(slice.bytes());
    if (!copy) return Outcome::refused;
    slice = std::move(copy);
  }
  bytes_ += slice.size();
  pieces_.insert(index, Piece{pos, std::move(slice)});
  return Outcome::queued;
}

std::optional<Slice> Reassembly::pop_at(StreamPos rcv_nxt) {
  while (!pieces_.empty()) {
    Piece& head = pieces_.front();
    if (head.pos > rcv_nxt) break;
    const std::size_t length = head.slice.size();
    const std::size_t skip = static_cast<std::size_t>(rcv_nxt - head.pos);
    bytes_ -= length;
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
  bytes_ = 0;
  recent_count_ = 0;
}

}  // namespace leat
