// What a person sees of a transfer: -v's lines and the progress line, both on standard error.
#pragma once

#include <optional>
#include <string>

#include "http/fetch_options.h"
#include "http/progress.h"

namespace leat::command {

class TerminalObserver final : public http::FetchObserver {
 public:
  /// `progress`: draw a progress line; only for a terminal.
  TerminalObserver(bool verbose, bool progress) : verbose_(verbose), progress_(progress) {}

  void begin(const std::string& file) override;
  void line(Line kind, std::string_view text) override;
  void progress(std::uint64_t have, std::optional<std::uint64_t> total, std::uint64_t resumed) override;

  /// The transfer is over; what was drawn gives way to a summary, or to nothing when it failed.
  void end(bool well);

  static bool stderr_is_terminal();

 private:
  void draw(const std::string& text, bool last);

  bool verbose_, progress_;
  std::optional<http::Progress> line_;
  bool drawn_ = false;
  std::uint64_t have_ = 0, resumed_ = 0;
};

/// CLOCK_MONOTONIC.
Instant monotonic_now();

/// `text` with control characters made visible, for a terminal.
std::string printable(std::string_view text);

}  // namespace leat::command
