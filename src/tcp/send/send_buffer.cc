#include "tcp/send/send_buffer.h"

#include <algorithm>
#include <cstring>

namespace leat {

std::size_t SendBuffer::append(Bytes data, BufferPool& pool) {
  std::size_t done = 0;
  while (done < data.size()) {
    const MutableBytes to = room(data.size() - done, 1, pool);
    if (to.empty()) break;
    std::memcpy(to.data(), data.data() + done, to.size());
    extend(to.size());
    done += to.size();
  }
  return done;
}

bool SendBuffer::append(Slice slice, BufferPool& pool) {
  prepared_ = 0;
  const auto size = static_cast<StreamPos>(slice.size());
  if (!chunks_.push_back({end_, std::move(slice)}, pool)) return false;
  end_ += size;
  return true;
}

MutableBytes SendBuffer::room(std::size_t wanted, std::size_t least, BufferPool& pool) {
  prepared_ = 0;
  if (chunks_.empty() || chunks_.back().slice.tailroom() < least) {
    // The rest of a large block is kept for later writes, unless memory is short.
    constexpr std::size_t kSmall = 2048;
    Slice fresh = pool.allocate(class_for(pool.is_short() ? kSmall : std::max(wanted, kSmall)), 0, 0);
    if (!fresh || !chunks_.push_back({end_, std::move(fresh)}, pool)) return {};
  }
  // No segment refers to bytes after the end of a slice, so writing there is safe.
  Slice& tail = chunks_.back().slice;
  prepared_ = std::min(tail.tailroom(), wanted);
  return {tail.mutable_bytes().data() + tail.size(), prepared_};
}

void SendBuffer::extend(std::size_t n) {
  LEAT_ASSERT(n <= prepared_);
  prepared_ = 0;
  if (chunks_.empty()) return;
  if (n == 0 && chunks_.back().slice.empty()) chunks_.pop_back();  // nothing was written
  if (n == 0) return;
  chunks_.back().slice.extend_back(n);
  end_ += static_cast<StreamPos>(n);
}

void SendBuffer::mark_push(StreamPos pos) {
  if (pos > begin_) pushes_.add(pos, *chunks_.back().slice.pool());
}

void SendBuffer::end_record() {
  if (end_ > begin_) records_.add(end_, *chunks_.back().slice.pool());
}

void SendBuffer::release_before(StreamPos pos) {
  begin_ = pos;
  prepared_ = 0;
  while (!chunks_.empty()) {
    Chunk& c = chunks_.front();
    const StreamPos chunk_end = c.pos + static_cast<StreamPos>(c.slice.size());
    if (chunk_end > pos) break;
    chunks_.pop_front();
  }
  pushes_.remove_until(pos);
  records_.remove_until(pos);
}

void SendBuffer::clear() {
  chunks_.clear();
  pushes_.clear();
  records_.clear();
  begin_ = end_;
  prepared_ = 0;
}

std::size_t SendBuffer::find(StreamPos pos) const {
  std::size_t low = 0, high = chunks_.size();
  while (high - low > 1) {
    const std::size_t middle = (low + high) / 2;
    (chunks_[middle].pos <= pos ? low : high) = middle;
  }
  return low;
}

SendBuffer::Gathered SendBuffer::gather(StreamPos pos, std::size_t length, std::span<Slice> out) const {
  LEAT_ASSERT(pos >= begin_ && pos + static_cast<StreamPos>(length) <= end_);
  Gathered result;
  const StreamPos begin = pos;
  for (std::size_t i = find(pos); result.length < length && result.slices < out.size(); ++i) {
    const Chunk& c = chunks_[i];
    const std::size_t from = static_cast<std::size_t>(pos - c.pos);
    const std::size_t n = std::min(c.slice.size() - from, length - result.length);
    out[result.slices++] = c.slice.part(from, n);
    result.length += n;
    pos += static_cast<StreamPos>(n);
  }
  result.pushed = pushes_.first_after(begin, pos + 1) <= pos;
  return result;
}

}  // namespace leat
