#include "cli/bench/throughput_record.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/units.h"

namespace leat::command {
namespace {

constexpr const char* kRule = "- - - - - - - - - - - - - - - - - - - - - - - - -\n";

/// Four characters wide: "1.25", "12.5", " 125".
std::string three_digits(double value) {
  return value < 9.995   ? fmt::format("{:4.2f}", value)
         : value < 99.95 ? fmt::format("{:4.1f}", value)
                         : fmt::format("{:4.0f}", value);
}

std::string scaled(double value, double step, const std::array<std::string_view, 5>& units) {
  std::size_t unit = 0;
  // 999.5 would be printed as 1000.
  while (value >= step - 0.5 && unit + 1 < units.size()) value /= step, ++unit;
  return fmt::format("{} {}", three_digits(value), units[unit]);
}

double rate(std::uint64_t bytes, Duration time) {
  return time > Duration::zero() ? static_cast<double>(bytes) * 8 / seconds(time) : 0;
}

std::string line(const std::string& id, Duration start, Duration end, std::uint64_t bytes) {
  return fmt::format("[{:>3}] {:>6.2f}-{:<6.2f} sec  {:>11}  {:>14}", id, seconds(start), seconds(end),
                     transfer_text(static_cast<double>(bytes)), bitrate_text(rate(bytes, end - start)));
}

std::string stripped(const std::string& text) {
  const std::size_t end = text.find_last_not_of(' ');
  return text.substr(0, end == text.npos ? 0 : end + 1) + "\n";
}

/// One side's line of the summary.
std::string side_text(const std::string& id, const StreamSide& side, bool is_sender) {
  const std::string retransmits = side.retransmits ? fmt::format("{}", *side.retransmits) : "";
  return stripped(line(id, {}, side.time, side.bytes) +
                  fmt::format("  {:>4}             {}", retransmits, is_sender ? "sender" : "receiver"));
}

}  // namespace

std::optional<StreamSide> sum_of(const ThroughputRecord& record, bool sent) {
  std::optional<StreamSide> sum;
  for (const StreamRecord& stream : record.streams) {
    const auto& side = sent ? stream.sent : stream.received;
    if (!side) continue;
    if (!sum) sum.emplace();
    sum->bytes += side->bytes;
    sum->time = std::max(sum->time, side->time);
    if (side->retransmits) sum->retransmits = sum->retransmits.value_or(0) + *side->retransmits;
  }
  return sum;
}

void IntervalMeter::begin(std::vector<StreamFigures> totals) {
  before_ = std::move(totals);
  last_ = {};
}

Interval IntervalMeter::mark(Duration now, const std::vector<StreamFigures>& totals, bool omitted) {
  Interval interval{last_, now, omitted, totals};
  for (std::size_t i = 0; i < totals.size() && i < before_.size(); ++i) {
    interval.streams[i].bytes -= before_[i].bytes;
    interval.streams[i].retransmits -= before_[i].retransmits;
  }
  before_ = totals;
  last_ = now;
  return interval;
}

bool IntervalMeter::has_moved(const std::vector<StreamFigures>& totals) const {
  return !std::equal(totals.begin(), totals.end(), before_.begin(), before_.end(),
                     [](const StreamFigures& a, const StreamFigures& b) { return a.bytes == b.bytes; });
}

std::string transfer_text(double bytes) {
  return scaled(bytes, 1024, {"Bytes", "KBytes", "MBytes", "GBytes", "TBytes"});
}

std::string bitrate_text(double bits_per_second) {
  return scaled(bits_per_second, 1000, {"bits/sec", "Kbits/sec", "Mbits/sec", "Gbits/sec", "Tbits/sec"});
}

std::string opened_text(const StreamRecord& s) {
  return fmt::format("[{:>3}] local {} port {} connected to {} port {}\n", s.number, s.local.address.to_string(),
                     s.local.port, s.remote.address.to_string(), s.remote.port);
}

std::string heading_text(bool is_sender) {
  return fmt::format("[ ID] Interval           Transfer     Bitrate{}\n", is_sender ? "         Retr  Cwnd" : "");
}

std::string interval_text(const Interval& interval, bool is_sender) {
  const bool is_first = interval.start == Duration::zero();
  std::string text = interval.streams.size() > 1 && !is_first ? kRule : "";
  std::uint64_t bytes = 0, retransmits = 0;
  const std::string end = interval.omitted ? "  (omitted)" : "";
  for (const StreamFigures& s : interval.streams) {
    bytes += s.bytes, retransmits += s.retransmits;
    std::string row = line(std::to_string(s.number), interval.start, interval.end, s.bytes);
    if (is_sender) row += fmt::format("  {:>4}  {:>11}", s.retransmits, transfer_text(s.cwnd));
    text += stripped(row + end);
  }
  if (interval.streams.size() > 1) {
    std::string row = line("SUM", interval.start, interval.end, bytes);
    if (is_sender) row += fmt::format("  {:>4}", retransmits);
    text += stripped(row + end);
  }
  return text;
}

std::string summary_text(const ThroughputRecord& record) {
  std::string text = kRule;
  text += "[ ID] Interval           Transfer     Bitrate         Retr\n";
  for (const StreamRecord& s : record.streams) {
    if (s.sent) text += side_text(std::to_string(s.number), *s.sent, true);
    if (s.received) text += side_text(std::to_string(s.number), *s.received, false);
  }
  if (record.streams.size() < 2) return text;
  for (const bool sent : {true, false}) {
    if (const auto sum = sum_of(record, sent)) text += side_text("SUM", *sum, sent);
  }
  return text;
}

}  // namespace leat::command
