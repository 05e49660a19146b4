// PortUse: how many use each local port: reservations, listeners, connections and TIME-WAIT entries. Kept by
// TcpSockets, which picks free ports by it; and for links on which ports must be claimed from somebody else it tells
// which have fallen out of use, to be given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/ring.h"

namespace leat {

class PortUse {
 public:
  /// What falls out of use is told from now on.
  void enable() { enabled_ = true; }

  void add(std::uint16_t port) {
    std::unique_ptr<Page>& page = pages_[port / kPage];
    if (!page) page = std::make_unique<Page>();
    ++(*page)[port % kPage];
  }
  /// One add() less.
  void remove(std::uint16_t port) {
    Page* page = pages_[port / kPage].get();
    if (page == nullptr || (*page)[port % kPage] == 0 || --(*page)[port % kPage] > 0) return;
    if (enabled_) unused_.push_back(port);
  }
  bool is_used(std::uint16_t port) const {
    const Page* page = pages_[port / kPage].get();
    return page != nullptr && (*page)[port % kPage] > 0;
  }

  /// A port that lost its last user since this was last asked, and has none now. To be asked until there is nothing.
  std::optional<std::uint16_t> next_unused() {
    while (!unused_.empty()) {
      const std::uint16_t port = unused_.pop_front();
      if (!is_used(port)) return port;
    }
    return std::nullopt;
  }

 private:
  // A table of counters by pages: cheaper than an entry of a map for each of the ports that a busy client uses.
  static constexpr std::size_t kPage = 256;
  using Page = std::array<std::uint32_t, kPage>;

  std::array<std::unique_ptr<Page>, 65536 / kPage> pages_;
  RingDeque<std::uint16_t> unused_;
  bool enabled_ = false;
};

}  // namespace leat
