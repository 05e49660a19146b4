// TcpSettingsRef: the settings of one connection or listener. Owners of equal settings share one set, a pointer each. A
// shared set never changes: other settings are another set. Not thread-safe, as everything in this folder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "leat/tcp_settings.h"

namespace leat {

inline std::size_t clamped(std::size_t window, const TcpSettings& options) {
  return options.window_clamp == 0 ? window : std::min<std::size_t>(window, options.window_clamp);
}

/// The largest window that the settings allow.
inline std::size_t largest_window(const TcpSettings& options) {
  return clamped(options.receive_buffer.value_or(options.receive_growth.most), options);
}

/// The share of a self-sizing buffer that is for data: as if it held full Ethernet segments as Linux does, 1460 bytes
/// in 2304 bytes of memory each (tcp_win_from_space).
constexpr std::size_t data_share(std::size_t buffer) { return buffer * 1460 / 2304; }
/// The inverse: the memory that this much data takes.
constexpr std::size_t memory_of(std::size_t data) { return (data * 2304 + 1459) / 1460; }

/// The receive buffer of a new connection, bytes of data.
inline std::size_t first_receive_buffer(const TcpSettings& options) {
  return options.receive_buffer.value_or(data_share(options.receive_growth.initial));
}
inline std::size_t first_send_buffer(const TcpSettings& options) {
  return options.send_buffer.value_or(options.send_growth.initial);
}

/// The first window to offer, in whole segments, so that the peer can fill it. A SYN carries it unscaled in 16 bits
/// (RFC 7323 §2.2). The share of the buffer for data is not known yet, so half of it counts (Linux:
/// tcp_select_initial_window).
inline std::uint32_t first_window(const TcpSettings& options, std::uint32_t mss) {
  const std::size_t room = clamped(options.receive_buffer.value_or(options.receive_growth.initial / 2), options);
  return static_cast<std::uint32_t>(room > mss ? room - room % mss : room);
}

class TcpSettingsRef {
 public:
  explicit TcpSettingsRef(const TcpSettings& options) : shared_(new Shared{options, 1}) {}
  TcpSettingsRef(const TcpSettingsRef& other) : shared_(other.shared_) { ++shared_->users; }
  /// A moved-from reference can only be assigned to or destroyed.
  TcpSettingsRef(TcpSettingsRef&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  TcpSettingsRef& operator=(TcpSettingsRef other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~TcpSettingsRef() {
    if (shared_ != nullptr && --shared_->users == 0) delete shared_;
  }

  const TcpSettings& operator*() const { return shared_->options; }
  const TcpSettings* operator->() const { return &shared_->options; }
  bool is_same(const TcpSettingsRef& other) const { return shared_ == other.shared_; }

 private:
  struct Shared {
    const TcpSettings options;
    std::uint32_t users;
  };
  Shared* shared_;
};

}  // namespace leat
