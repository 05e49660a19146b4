// Polling: how a host's thread waits for packets.
//
// Threading: plain values.
#pragma once

#include <optional>
#include <string_view>

namespace leat {

/// A thread that sleeps needs some 25 us to wake up, on each side of a round trip. A thread that polls answers within
/// 10 us and occupies a core.
enum class Polling {
  /// Polls while packets arrive within 500 us, then sleeps. An idle host takes no CPU time. On a single CPU it sleeps
  /// at
  /// once.
  adaptive,
  busy,   ///< never sleeps
  sleep,  ///< always sleeps
};

/// Reads "adaptive", "busy" or "sleep". Returns nothing for any other name.
std::optional<Polling> parse_polling(std::string_view name);

}  // namespace leat
