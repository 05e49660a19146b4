// Polling: what a host's thread does while it waits for packets.
#pragma once

#include <optional>
#include <string_view>

namespace leat {

/// Waking a sleeping thread takes some 25 us on each side of a round trip; a thread that keeps looking answers in less
/// than ten, and takes a core for itself.
enum class Polling {
  /// Keeps looking while answers come within 500 us, then sleeps: where nothing happens it costs nothing. Sleeps at
  /// once where the process has one CPU only.
  adaptive,
  busy,   ///< never sleeps
  sleep,  ///< always sleeps
};

/// "adaptive", "busy" or "sleep".
std::optional<Polling> parse_polling(std::string_view name);

}  // namespace leat
