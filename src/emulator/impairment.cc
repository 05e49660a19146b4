#include "leat/impairment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace leat {
namespace {

using std::string_view;
using Checked = expected<void, std::string>;

constexpr Duration kLongestDelay = std::chrono::hours(1);
constexpr std::uint64_t kLowestRate = 1'000, kHighestRate = 1'000'000'000'000;
constexpr std::uint32_t kMostQueueFrames = 1'000'000;
constexpr std::uint64_t kMostQueueBytes = 1'073'741'824;

unexpected<std::string> wrong(std::string_view text, const char* wanted) {
  return unexpected("\"" + std::string(text) + "\" is not " + wanted);
}

/// Reads a number and removes it from the front of `text`.
template <class Number, class... Format>
bool take_number(string_view& text, Number& value, Format... format) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, format...);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

/// Reads a number with its unit.
struct Unit {
  string_view name;
  double factor;
};
template <std::size_t N>
std::optional<double> parse_with_unit(string_view text, const std::array<Unit, N>& units) {
  double value = 0;
  if (!take_number(text, value, std::chars_format::fixed)) return std::nullopt;
  for (const Unit& unit : units) {
    if (text == unit.name && value >= 0) return value * unit.factor;
  }
  return std::nullopt;
}

Checked parse_chance(string_view text, double& out) {
  constexpr std::array<Unit, 2> kUnits{{{"%", 0.01}, {"", 0.01}}};
  const auto value = parse_with_unit(text, kUnits);
  if (!value || *value > 1) return wrong(text, "a percentage, such as 5% or 0.1%");
  out = *value;
  return {};
}

Checked parse_time(string_view text, Duration& out) {
  constexpr std::array<Unit, 4> kUnits{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}}};
  const auto value = text == "0" ? 0 : parse_with_unit(text, kUnits);
  if (!value || *value > static_cast<double>(kLongestDelay.count())) {
    return wrong(text, "a time of at most an hour with its unit, such as 20ms, 500us or 1.5s");
  }
  out = Duration(std::llround(*value));
  return {};
}

Checked parse_rate(string_view text, std::uint64_t& out) {
  constexpr std::array<Unit, 7> kUnits{
      {{"", 1}, {"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {"Mbit", 1e6}, {"Gbit", 1e9}}};
  const auto value = parse_with_unit(text, kUnits);
  if (!value || *value < double{kLowestRate} || *value > double{kHighestRate}) {
    return wrong(text, "a rate from 1kbit to 1000gbit a second, such as 10mbit");
  }
  out = static_cast<std::uint64_t>(*value);
  return {};
}

Checked parse_queue(string_view text, Impairment& out) {
  constexpr std::array<Unit, 5> kBytes{{{"B", 1}, {"kB", 1e3}, {"MB", 1e6}, {"KiB", 1024}, {"MiB", 1048576}}};
  constexpr std::array<Unit, 2> kFrames{{{"", 1}, {"p", 1}}};
  out.queue_bytes = out.queue_frames = 0;
  if (const auto bytes = parse_with_unit(text, kBytes); bytes && *bytes >= 1 && *bytes <= double{kMostQueueBytes}) {
    out.queue_bytes = static_cast<std::uint64_t>(*bytes);
    return {};
  }
  const auto frames = parse_with_unit(text, kFrames);
  if (!frames || *frames < 1 || *frames > kMostQueueFrames) {
    return wrong(text, "a queue: a number of frames, such as 100 (at most 1000000), or of bytes, such as 64kB");
  }
  out.queue_frames = static_cast<std::uint32_t>(*frames);
  return {};
}

template <class Number>
bool parse_integer(string_view text, Number& out) {
  const bool hex = text.substr(0, 2) == "0x";
  if (hex) text.remove_prefix(2);
  return take_number(text, out, hex ? 16 : 10) && text.empty();
}

template <class Number>
Checked store_integer(string_view text, std::optional<Number>& out, const char* wanted) {
  Number value = 0;
  if (!parse_integer(text, value)) return wrong(text, wanted);
  out = value;
  return {};
}

struct Named {
  string_view name;
  std::uint16_t value;
};
constexpr std::array<Named, 3> kEtherTypes{{{"arp", 0x0806}, {"ip", 0x0800}, {"ipv6", 0x86dd}}};
constexpr std::array<Named, 4> kProtocols{{{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmpv6", 58}}};
constexpr std::array<Named, 5> kFlags{{{"syn", 0x02}, {"fin", 0x01}, {"rst", 0x04}, {"psh", 0x08}, {"ack", 0x10}}};

template <std::size_t N>
const Named* find(const std::array<Named, N>& list, string_view name) {
  for (const Named& n : list) {
    if (n.name == name) return &n;
  }
  return nullptr;
}

Checked parse_protocol(string_view text, FrameMatch& match) {
  if (const Named* type = find(kEtherTypes, text)) {
    match.ether_type = type->value;
    return {};
  }
  if (const Named* protocol = find(kProtocols, text)) {
    match.protocol = static_cast<std::uint8_t>(protocol->value);
    return {};
  }
  return store_integer(text, match.protocol, "a protocol: tcp, udp, icmp, icmpv6, ip, ipv6, arp or a number to 255");
}

Checked parse_tos(string_view text, FrameMatch& match) {
  const std::size_t slash = text.find('/');
  if (slash != string_view::npos && !parse_integer(text.substr(slash + 1), match.tos_mask)) {
    return wrong(text, "a TOS byte with a mask, such as 0xa0/0xfc");
  }
  return store_integer(text.substr(0, slash), match.tos, "a TOS byte, 0 to 255 or 0x00 to 0xff");
}

Checked parse_match(string_view text, FrameMatch& match) {
  constexpr const char* kPort = "a port, 0 to 65535";
  const std::size_t colon = text.find(':');
  const string_view key = text.substr(0, colon);
  if (colon != string_view::npos) {
    const string_view value = text.substr(colon + 1);
    if (key == "tos") return parse_tos(value, match);
    if (key == "proto") return parse_protocol(value, match);
    if (key == "port") return store_integer(value, match.port, kPort);
    if (key == "sport") return store_integer(value, match.source_port, kPort);
    if (key == "dport") return store_integer(value, match.destination_port, kPort);
  } else if (const Named* flag = find(kFlags, key)) {
    match.tcp_flags = static_cast<std::uint8_t>(match.tcp_flags | flag->value);
    return {};
  } else if (key == "data") {
    match.tcp_data = true;
    return {};
  }
  return wrong(text,
               "something to match: tos:0xa0, tos:0xa0/0xfc, proto:tcp, port:80, sport:80, dport:80, syn, fin, rst, "
               "psh, ack or data");
}

Checked parse_burst(string_view text, double& out) {
  if (take_number(text, out, std::chars_format::fixed) && text.empty() && out >= 1 && out <= 1e6) return {};
  return unexpected(std::string("burst wants the mean number of frames lost in a row, at least 1, such as burst=3"));
}

Checked parse_option(string_view key, string_view value, Impairment& out) {
  if (key == "loss") return parse_chance(value, out.loss);
  if (key == "burst") return parse_burst(value, out.burst);
  if (key == "delay") return parse_time(value, out.delay);
  if (key == "jitter") return parse_time(value, out.jitter);
  if (key == "reorder") return parse_chance(value, out.reorder);
  if (key == "duplicate") return parse_chance(value, out.duplicate);
  if (key == "corrupt") return parse_chance(value, out.corrupt);
  if (key == "rate") return parse_rate(value, out.rate);
  if (key == "queue") return parse_queue(value, out);
  if (key == "match") return parse_match(value, out.match);
  if (key == "seed") return store_integer(value, out.seed, "a seed: a number from 0 to 18446744073709551615");
  return wrong(key, "an impairment: loss, burst, delay, jitter, reorder, duplicate, corrupt, rate, queue, match, seed");
}

bool take_prefix(string_view& text, string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// The shortest text that parses to the same number.
std::string number_text(double value) {
  char digits[64];
  const auto end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed).ptr;
  return {digits, end};
}

std::string percent_text(double chance) {
  // parse() and this function round once each. A percentage of up to 12 digits survives both.
  char digits[400];
  char* end = std::to_chars(digits, digits + sizeof digits, chance * 100, std::chars_format::fixed, 12).ptr;
  while (end[-1] == '0') --end;
  if (end[-1] == '.') --end;
  return std::string(digits, end) + "%";
}

std::string time_text(Duration d) {
  const std::int64_t n = d.count();
  if (n % 1'000'000 == 0) return std::to_string(n / 1'000'000) + "ms";
  if (n % 1'000 == 0) return std::to_string(n / 1'000) + "us";
  return std::to_string(n) + "ns";
}

std::string rate_text(std::uint64_t rate) {
  constexpr std::array<std::pair<std::uint64_t, const char*>, 3> kUnits{
      {{1'000'000'000, "gbit"}, {1'000'000, "mbit"}, {1'000, "kbit"}}};
  for (const auto& [factor, unit] : kUnits) {
    if (rate % factor == 0) return std::to_string(rate / factor) + unit;
  }
  return std::to_string(rate) + "bit";
}

std::string hex_text(std::uint8_t byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  return {'0', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

template <std::size_t N>
std::string name_of(const std::array<Named, N>& list, std::uint16_t value) {
  for (const Named& n : list) {
    if (n.value == value) return std::string(n.name);
  }
  return std::to_string(value);
}

std::string match_text(const FrameMatch& m) {
  std::string out;
  const auto add = [&out](const std::string& what) { out += ",match=" + what; };
  if (m.tos) add("tos:" + hex_text(*m.tos) + (m.tos_mask == 0xff ? "" : "/" + hex_text(m.tos_mask)));
  if (m.ether_type) add("proto:" + name_of(kEtherTypes, *m.ether_type));
  if (m.protocol) add("proto:" + name_of(kProtocols, *m.protocol));
  if (m.port) add("port:" + std::to_string(*m.port));
  if (m.source_port) add("sport:" + std::to_string(*m.source_port));
  if (m.destination_port) add("dport:" + std::to_string(*m.destination_port));
  for (const Named& flag : kFlags) {
    if ((m.tcp_flags & flag.value) != 0) add(std::string(flag.name));
  }
  if (m.tcp_data) add("data");
  return out;
}

bool is_chance(double p) { return p >= 0 && p <= 1; }  // false for NaN as well

}  // namespace

expected<Impairment, std::string> Impairment::parse(std::string_view text) {
  Impairment out;
  if (take_prefix(text, "in:")) {
    out.direction = Direction::in;
  } else if (take_prefix(text, "out:")) {
    out.direction = Direction::out;
  }
  if (text.empty()) return unexpected(std::string("nothing to impair: say what, such as loss=5%,delay=20ms"));
  while (!text.empty()) {
    const string_view option = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), option.size() + 1));
    const std::size_t equals = option.find('=');
    if (equals == string_view::npos) return wrong(option, "of the form NAME=VALUE, such as loss=5%");
    const string_view key = option.substr(0, equals);
    if (auto ok = parse_option(key, option.substr(equals + 1), out); !ok) {
      const bool named = ok.error().find(key) != std::string::npos;
      return unexpected((named ? "" : std::string(key) + ": ") + ok.error());
    }
  }
  if (auto ok = out.check(); !ok) return unexpected(ok.error());
  return out;
}

expected<void, std::string> Impairment::check() const {
  const auto fail = [](const char* text) { return unexpected(std::string(text)); };
  if (!is_chance(loss) || !is_chance(reorder) || !is_chance(duplicate) || !is_chance(corrupt)) {
    return fail("loss, reorder, duplicate and corrupt are chances from 0 to 1 (0 to 100 %)");
  }
  if (delay < Duration::zero() || jitter < Duration::zero() || delay > kLongestDelay || jitter > kLongestDelay) {
    return fail("delay and jitter are times from 0 to an hour");
  }
  if (burst != 0) {
    if (!(burst >= 1 && burst <= 1e6)) return fail("burst is a mean number of frames, at least 1");
    if (loss == 0) return fail("burst needs loss: say how much is lost in all, such as loss=5%,burst=3");
    // At least one frame lies between two bursts, so the loss is at most burst / (burst + 1).
    if (loss < 1 && loss > burst / (burst + 1))
      return fail("so much loss needs longer bursts: raise burst, or leave it out");
  }
  if (reorder > 0 && delay == Duration::zero()) {
    return fail("reorder needs a delay, which the reordered frames escape: such as delay=20ms,reorder=5%");
  }
  if (rate != 0 && (rate < kLowestRate || rate > kHighestRate)) return fail("the rate is from 1 kbit/s to 1000 Gbit/s");
  if ((queue_frames > 0 || queue_bytes > 0) && rate == 0)
    return fail("queue needs a rate, such as rate=10mbit,queue=100");
  if (queue_frames > 0 && queue_bytes > 0) return fail("the queue is bounded in frames or in bytes, not in both");
  if (queue_frames > kMostQueueFrames || queue_bytes > kMostQueueBytes) return fail("the queue is too long");
  return {};
}

std::string Impairment::to_string() const {
  std::string out;
  const auto add = [&out](const char* key, const std::string& value) { out += std::string(",") + key + "=" + value; };
  if (loss > 0) add("loss", percent_text(loss));
  if (burst > 0) add("burst", number_text(burst));
  if (delay > Duration::zero()) add("delay", time_text(delay));
  if (jitter > Duration::zero()) add("jitter", time_text(jitter));
  if (reorder > 0) add("reorder", percent_text(reorder));
  if (duplicate > 0) add("duplicate", percent_text(duplicate));
  if (corrupt > 0) add("corrupt", percent_text(corrupt));
  if (rate > 0) add("rate", rate_text(rate));
  if (queue_frames > 0) add("queue", std::to_string(queue_frames));
  if (queue_bytes > 0) add("queue", std::to_string(queue_bytes) + "B");
  out += match_text(match);
  if (seed) add("seed", std::to_string(*seed));
  if (out.empty()) out = ",loss=0%";
  const char* prefix = direction == Direction::in ? "in:" : direction == Direction::out ? "out:" : "";
  return prefix + out.substr(1);
}

}  // namespace leat
