#include "packet/packet.h"

#include <algorithm>
#include <cstring>

namespace leat {

bool Packet::gather(std::size_t n, BufferPool& pool) {
  if (size_ < n || n > kBufferSizes.back()) return false;
  Slice head = pool.allocate(class_for(n), 0, n);
  if (!head) return false;
  copy_out(0, head.mutable_bytes());
  const Offload kept = offload;
  remove_front(n);
  if (!has_room()) return false;
  for (std::size_t i = count_; i > 0; --i) slices_[i] = std::move(slices_[i - 1]);
  slices_[0] = std::move(head);
  ++count_;
  size_ += n;
  offload = kept;
  return true;
}

void Packet::remove_slices(std::size_t n) {
  LEAT_ASSERT(n <= size_);
  size_ -= n;
  std::size_t gone = 0;
  while (gone < count_ && n >= slices_[gone].size()) {
    n -= slices_[gone].size();
    slices_[gone++] = Slice{};
  }
  if (n > 0) slices_[gone].remove_front(n);
  if (gone == 0) return;
  for (std::size_t i = gone; i < count_; ++i) slices_[i - gone] = std::move(slices_[i]);
  count_ = static_cast<std::uint8_t>(count_ - gone);
}

void Packet::cut(std::size_t size) {
  LEAT_ASSERT(size <= size_);
  size_ = size;
  std::size_t kept = 0;
  while (size > 0) {
    const std::size_t here = std::min(size, slices_[kept].size());
    slices_[kept++].truncate(here);
    size -= here;
  }
  while (count_ > kept) slices_[--count_] = Slice{};
}

bool Packet::copy_out(std::size_t from, MutableBytes out) const {
  if (from > size_ || out.size() > size_ - from) return false;
  std::size_t done = 0;
  for (const Slice& s : slices()) {
    if (done == out.size()) break;
    if (from >= s.size()) {
      from -= s.size();
      continue;
    }
    const std::size_t here = std::min(s.size() - from, out.size() - done);
    std::memcpy(out.data() + done, s.data() + from, here);
    done += here;
    from = 0;
  }
  return true;
}

void Packet::clear() {
  while (count_ > 0) slices_[--count_] = Slice{};
  size_ = 0;
  offload = {};
  note = {};
}

}  // namespace leat
