// PortUse: which local ports are in use, by connections, listeners and TIME-WAIT entries, and which fell out of use.
// Kept by TcpSockets for links on which ports must be claimed from somebody else, and given back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/ring.h"

namespace leat {

class PortUse {
 public:
  /// Nothing is counted before: to be called before the first socket.
  void enable() { enabled_ = true; }

  void add(std::uint16_t port) {
    if (enabled_) ++users_[port];
  }
  /// One add() less.
  void remove(std::uint16_t port) {
    const auto found = users_.find(port);
    if (found == users_.end() || --found->second > 0) return;
    users_.erase(found);
    unused_.push_back(port);
  }
  bool is_used(std::uint16_t port) const { return users_.contains(port); }

  /// A port that lost its last user since this was last asked, and has none now. To be asked until there is nothing.
  std::optional<std::uint16_t> next_unused() {
    while (!unused_.empty()) {
      const std::uint16_t port = unused_.pop_front();
      if (!is_used(port)) return port;
    }
    return std::nullopt;
  }

 private:
  bool enabled_ = false;
  std::unordered_map<std::uint16_t, std::size_t> users_;
  RingDeque<std::uint16_t> unused_;
};

}  // namespace leat
