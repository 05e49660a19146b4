// TcpOptionsRef: the settings of one connection or listener, shared by all that have the same: a pointer each. Nobody
// changes what is shared; who wants other settings gets a set of his own. Not for several threads, like everything
// here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "leat/tcp_options.h"

namespace leat {

/// What the settings let a window grow to.
inline std::size_t largest_window(const TcpOptions& options) {
  if (options.window_clamp == 0) return options.receive_buffer;
  return std::min<std::size_t>(options.receive_buffer, options.window_clamp);
}

class TcpOptionsRef {
 public:
  explicit TcpOptionsRef(const TcpOptions& options) : shared_(new Shared{options, 1}) {}
  TcpOptionsRef(const TcpOptionsRef& other) : shared_(other.shared_) { ++shared_->users; }
  TcpOptionsRef& operator=(TcpOptionsRef other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~TcpOptionsRef() {
    if (--shared_->users == 0) delete shared_;
  }

  const TcpOptions& operator*() const { return shared_->options; }
  const TcpOptions* operator->() const { return &shared_->options; }
  bool is_same(const TcpOptionsRef& other) const { return shared_ == other.shared_; }

 private:
  struct Shared {
    const TcpOptions options;
    std::uint32_t users;
  };
  Shared* shared_;
};

}  // namespace leat
