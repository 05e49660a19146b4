#include "tcp/recv/recv_queue.h"

#include <algorithm>
#include <cstring>

namespace leat {

bool RecvQueue::push(Slice slice, BufferPool& pool) {
  if (slice.empty()) return true;
  const std::size_t n = slice.size();
  if (wastes_its_block(slice) || is_long()) {
    if (!copy_together(slice, pool)) return false;
  } else {
    if (!slices_.push_back(std::move(slice), pool)) return false;
    tail_is_ours_ = false;
  }
  bytes_ += static_cast<std::uint32_t>(n);
  return true;
}

bool RecvQueue::copy_together(const Slice& slice, BufferPool& pool) {
  Bytes data = slice.bytes();
  if (tail_is_ours_ && !slices_.empty()) {
    Slice& tail = slices_.back();
    if (tail.tailroom() >= data.size()) {
      const std::size_t before = tail.size();
      tail.extend_back(data.size());
      std::memcpy(tail.mutable_bytes().data() + before, data.data(), data.size());
      return true;
    }
  }
  // Room for three more of its kind, so that a stream of small segments fills whole blocks.
  const std::size_t room = std::max<std::size_t>(data.size() * 4, size_of(BufferClass::frame));
  Slice fresh = pool.allocate(is_long() ? BufferClass::super : class_for(room), 0, data.size());
  if (!fresh) return false;
  std::memcpy(fresh.mutable_bytes().data(), data.data(), data.size());
  if (!slices_.push_back(std::move(fresh), pool)) return false;
  tail_is_ours_ = true;
  return true;
}

std::size_t RecvQueue::read(MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size() && !slices_.empty()) {
    Slice& head = slices_.front();
    const std::size_t n = std::min(head.size(), out.size() - done);
    std::memcpy(out.data() + done, head.data(), n);
    done += n;
    if (n == head.size()) {
      slices_.pop_front();
    } else {
      head.remove_front(n);
    }
  }
  bytes_ -= static_cast<std::uint32_t>(done);
  return done;
}

std::size_t RecvQueue::view(std::span<Bytes> out, std::size_t limit) const {
  std::size_t count = 0;
  for (; count < out.size() && count < slices_.size() && limit > 0; ++count) {
    out[count] = slices_[count].bytes();
    if (out[count].size() > limit) out[count] = out[count].first(limit);
    limit -= out[count].size();
  }
  return count;
}

void RecvQueue::consume(std::size_t n) {
  bytes_ -= static_cast<std::uint32_t>(n);
  while (n > 0) {
    Slice& head = slices_.front();
    if (n < head.size()) return head.remove_front(n);
    n -= head.size();
    slices_.pop_front();
  }
}

std::size_t RecvQueue::peek(std::size_t offset, MutableBytes out) const {
  std::size_t done = 0;
  for (std::size_t i = 0; i < slices_.size() && done < out.size(); ++i) {
    const Slice& slice = slices_[i];
    if (offset >= slice.size()) {
      offset -= slice.size();
      continue;
    }
    const std::size_t n = std::min(slice.size() - offset, out.size() - done);
    std::memcpy(out.data() + done, slice.data() + offset, n);
    done += n;
    offset = 0;
  }
  return done;
}

void RecvQueue::clear() {
  slices_.clear();
  bytes_ = 0;
}

}  // namespace leat
