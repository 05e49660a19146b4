#include "cli/http/terminal_observer.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace leat::command {
namespace {

unsigned terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

Instant monotonic_now() { return Instant(std::chrono::steady_clock::now().time_since_epoch()); }

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = (byte < 0x20 && c != '\t') || byte == 0x7f;
    out += control ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return out;
}

bool TerminalObserver::stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

void TerminalObserver::begin(const std::string& file) {
  // On one terminal the body and the progress line would mix.
  if (!progress_ || (file == "-" && ::isatty(STDOUT_FILENO) == 1)) return;
  line_.emplace(printable(file), terminal_columns(), monotonic_now());
  have_ = resumed_ = 0;
}

void TerminalObserver::line(Line kind, std::string_view text) {
  if (!verbose_) return;
  if (drawn_) draw("", true);
  std::fputs(fmt::format("{} {}\n", static_cast<char>(kind), printable(text)).c_str(), stderr);
}

void TerminalObserver::progress(std::uint64_t have, std::optional<std::uint64_t> total, std::uint64_t resumed) {
  if (!line_) return;
  have_ = have;
  resumed_ = resumed;
  if (const auto text = line_->update(have, total, resumed, monotonic_now())) draw(*text, false);
}

void TerminalObserver::end(bool well) {
  if (!line_) return;
  if (well && have_ > 0) {
    draw(line_->finished(have_, resumed_, monotonic_now()), false);
    std::fputs("\n", stderr);
  } else if (drawn_) {
    draw("", true);
  }
  drawn_ = false;
  line_.reset();
}

void TerminalObserver::draw(const std::string& text, bool last) {
  // Carriage return, erase to the end of the line.
  std::fputs(("\r\x1b[K" + text).c_str(), stderr);
  std::fflush(stderr);
  drawn_ = !last;
}

}  // namespace leat::command
