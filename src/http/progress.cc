#include "http/progress.h"

#include <fmt/core.h>

#include <algorithm>

#include "http/human.h"

namespace leat::http {
namespace {

constexpr Duration kRedraw = std::chrono::milliseconds(100);
constexpr Duration kWindow = std::chrono::seconds(5);
constexpr std::size_t kLongestName = 28;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

std::string bar(double fraction, unsigned width) {
  const auto filled = static_cast<unsigned>(std::clamp(fraction, 0.0, 1.0) * width);
  std::string out(filled, '=');
  if (filled < width) out += '>';
  out.resize(width, ' ');
  return "[" + out + "]";
}

}  // namespace

Progress::Progress(std::string name, unsigned columns, Instant start)
    : name_(std::move(name)), columns_(columns), start_(start) {
  if (name_.size() > kLongestName) name_ = name_.substr(0, kLongestName - 3) + "...";
}

std::optional<std::string> Progress::update(std::uint64_t have, std::optional<std::uint64_t> total,
                                            std::uint64_t resumed, Instant now) {
  if (drawn_ && now - *drawn_ < kRedraw) return std::nullopt;
  drawn_ = now;
  if (recent_.empty()) recent_.push_back({start_, resumed});
  recent_.push_back({now, have});
  while (recent_.size() > 2 && now - recent_.front().at > kWindow) recent_.pop_front();

  const double rate = speed();
  std::string counts = human_bytes(static_cast<double>(have));
  std::string left = "--:--", percent, drawing;
  if (total && *total > 0) {
    const double fraction = std::min(1.0, static_cast<double>(have) / static_cast<double>(*total));
    counts += " of " + human_bytes(static_cast<double>(*total));
    percent = fmt::format(" {:3.0f}%", fraction * 100);
    drawing = " " + bar(fraction, 20);
    if (rate > 0 && *total >= have) {
      left = human_clock(std::chrono::duration_cast<Duration>(
          std::chrono::duration<double>(std::min(1e6, static_cast<double>(*total - have) / rate))));
    }
  }
  const std::string tail = fmt::format("{}  {}  {}  ETA {}", percent, counts, human_rate(rate), left);
  std::string line = name_ + drawing + tail;
  if (line.size() >= columns_) line = name_ + tail;
  if (line.size() >= columns_) line = line.substr(0, columns_ > 0 ? columns_ - 1 : 0);
  return line;
}

double Progress::speed() const {
  const double time = seconds(recent_.back().at - recent_.front().at);
  const std::uint64_t from = recent_.front().have, to = recent_.back().have;
  return time > 0 && to > from ? static_cast<double>(to - from) / time : 0;
}

std::string Progress::finished(std::uint64_t have, std::uint64_t resumed, Instant now) const {
  const double time = seconds(now - start_);
  const auto received = static_cast<double>(have > resumed ? have - resumed : 0);
  std::string line = fmt::format("{}  {} in {}  {}", name_, human_bytes(static_cast<double>(have)),
                                 human_time(now - start_), human_rate(time > 0 ? received / time : 0));
  if (line.size() >= columns_) line = line.substr(0, columns_ > 0 ? columns_ - 1 : 0);
  return line;
}

}  // namespace leat::http
