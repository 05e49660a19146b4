// IoCursor: how far a call has come through its iovecs.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace leat {

class IoCursor {
 public:
  IoCursor() = default;
  explicit IoCursor(std::span<const iovec> buffers) : buffers_(buffers) {
    for (const iovec& v : buffers) total_ += v.iov_len;
  }

  std::size_t total() const { return total_; }
  std::size_t done() const { return done_; }
  std::size_t left() const { return total_ - done_; }

  /// The next stretch of memory, at most `limit` bytes; empty at the end.
  MutableBytes next(std::size_t limit = SIZE_MAX) const {
    if (left() == 0) return {};
    std::size_t index = index_, offset = offset_;
    while (offset == buffers_[index].iov_len) ++index, offset = 0;
    const iovec& v = buffers_[index];
    return {static_cast<std::uint8_t*>(v.iov_base) + offset, std::min(v.iov_len - offset, limit)};
  }
  void advance(std::size_t n) {
    done_ += n;
    while (n > 0) {
      const std::size_t step = std::min(n, buffers_[index_].iov_len - offset_);
      offset_ += step, n -= step;
      if (offset_ == buffers_[index_].iov_len && n > 0) ++index_, offset_ = 0;
    }
  }
  void rewind() { index_ = offset_ = done_ = 0; }

 private:
  std::span<const iovec> buffers_;
  std::size_t total_ = 0, done_ = 0;
  std::size_t index_ = 0, offset_ = 0;
};

}  // namespace leat
