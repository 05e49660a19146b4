// What a transfer is told, and who watches it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "leat/time.h"

namespace leat::http {

struct FetchOptions {
  bool head_only = false;         ///< -I: ask with HEAD, write the heads
  bool include_head = false;      ///< -i: write the heads before the body
  bool fail_on_error = false;     ///< -f: a status of 400 or more is a failure, and its body is not written
  bool follow_redirects = false;  ///< -L
  bool resume = false;            ///< -C -
  std::optional<unsigned> max_redirects = 50;  ///< none: no limit
  std::optional<Duration> connect_timeout;     ///< from the start of a connection attempt, all addresses together
  std::optional<Duration> max_time;            ///< for the whole transfer
  Duration idle_timeout = std::chrono::seconds(180);  ///< without a byte from the server
  std::string user_agent = "leat";
  int standard_output = 1;       ///< descriptor for the output "-"
  std::function<Instant()> now;  ///< monotonic; must be set
};

/// Called on the thread that fetches.
class FetchObserver {
 public:
  virtual ~FetchObserver() = default;
  /// A transfer to `file` ("-" is standard output) begins.
  virtual void begin(const std::string& /*file*/) {}
  enum class Line : char { info = '*', sent = '>', received = '<' };
  /// A line for --verbose, without a line break or control characters.
  virtual void line(Line, std::string_view) {}
  /// `have` bytes of the file are there, of `total` if that is known; `resumed` were there before.
  virtual void progress(std::uint64_t /*have*/, std::optional<std::uint64_t> /*total*/, std::uint64_t /*resumed*/) {}
};

}  // namespace leat::http
