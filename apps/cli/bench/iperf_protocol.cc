#include "cli/bench/iperf_protocol.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace leat::command::iperf {
namespace {

using nlohmann::json;

/// The object in `text`, or nothing.
std::optional<json> parse_object(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

/// A number of `object` that a peer has given: nothing there is 0; whatever is no whole number from 0 to `most` is
/// none.
std::optional<std::uint64_t> whole(const json& object, const char* name, std::uint64_t most) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null()) return 0;
  std::uint64_t value = 0;
  if (found->is_number_unsigned()) {
    value = found->get<std::uint64_t>();
  } else if (found->is_number_float()) {
    const double number = found->get<double>();
    if (!(number >= 0) || number >= 9e15 || number != std::floor(number)) return std::nullopt;
    value = static_cast<std::uint64_t>(number);
  } else {
    return std::nullopt;
  }
  if (value > most) return std::nullopt;
  return value;
}

double real(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number()) return 0;
  const double value = found->get<double>();
  return std::isfinite(value) && value > 0 ? value : 0;
}

/// True, or a number that is not 0.
bool is_set(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return false;
  if (found->is_boolean()) return found->get<bool>();
  return found->is_number() && found->get<double>() != 0;
}

/// Printable and short, or empty.
std::string word(const json& object, const char* name) {
  constexpr std::size_t kLongest = 40;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const std::string&>();
  const auto is_printable = [](char c) { return c >= ' ' && c <= '~'; };
  return text.size() <= kLongest && std::all_of(text.begin(), text.end(), is_printable) ? text : std::string();
}

std::vector<std::string> unsupported(const json& object) {
  std::vector<std::string> names;
  for (const char* name : {"window", "MSS", "TOS", "nodelay", "flowlabel", "burst", "fqrate", "congestion",
                           "get_server_output", "repeating_payload", "zerocopy", "udp_counters_64bit"}) {
    const auto found = object.find(name);
    if (found != object.end() && (is_set(object, name) || found->is_string())) names.emplace_back(name);
  }
  return names;
}

}  // namespace

Cookie make_cookie(std::span<const std::uint8_t, kCookieSize - 1> random) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz234567";
  Cookie cookie{};
  for (std::size_t i = 0; i < random.size(); ++i) {
    cookie[i] = static_cast<std::uint8_t>(kLetters[random[i] % kLetters.size()]);
  }
  return cookie;
}

std::string to_json(const Parameters& p) {
  json out = {{"tcp", true},    {"omit", p.omit},       {"time", p.seconds},
              {"num", p.bytes}, {"blockcount", 0},      {"parallel", p.parallel},
              {"len", p.block}, {"pacing_timer", 1000}, {"client_version", p.version}};
  if (p.reverse) out["reverse"] = true;
  if (p.bandwidth > 0) out["bandwidth"] = p.bandwidth;
  return out.dump();
}

expected<Parameters, std::string> parse_parameters(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return unexpected(std::string("the parameters are no JSON object"));
  if (is_set(*object, "udp") || is_set(*object, "sctp")) return unexpected(std::string("only TCP is supported"));
  if (is_set(*object, "bidirectional")) {
    return unexpected(std::string("both directions at once are not supported"));
  }
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  const auto seconds = whole(*object, "time", kMostSeconds), omit = whole(*object, "omit", kMostOmitted);
  const auto bytes = whole(*object, "num", kAny), bandwidth = whole(*object, "bandwidth", kAny);
  const auto parallel = whole(*object, "parallel", kMostStreams), block = whole(*object, "len", kMostBlock);
  const auto blocks = whole(*object, "blockcount", kAny / kMostBlock);
  if (!seconds || !omit || !bytes || !bandwidth || !parallel || !block || !blocks) {
    return unexpected(std::string("a parameter is no number, or out of range"));
  }
  Parameters out;
  out.reverse = is_set(*object, "reverse");
  out.seconds = static_cast<unsigned>(*seconds);
  out.omit = static_cast<unsigned>(*omit);
  if (*parallel > 0) out.parallel = static_cast<unsigned>(*parallel);
  if (*block > 0) out.block = *block;
  out.bytes = *bytes > 0 ? *bytes : *blocks * out.block;
  out.bandwidth = *bandwidth;
  out.version = word(*object, "client_version");
  out.unsupported = unsupported(*object);
  return out;
}

std::string to_json(const Results& r) {
  json streams = json::array();
  for (const StreamResult& s : r.streams) {
    json stream = {{"id", s.id},  {"bytes", s.bytes}, {"retransmits", -1}, {"jitter", 0},
                   {"errors", 0}, {"packets", 0},     {"start_time", 0},   {"end_time", s.seconds}};
    if (s.retransmits) stream["retransmits"] = *s.retransmits;
    streams.push_back(std::move(stream));
  }
  json out = {{"cpu_util_total", r.cpu_total},
              {"cpu_util_user", r.cpu_user},
              {"cpu_util_system", r.cpu_system},
              {"sender_has_retransmits", r.has_retransmits ? 1 : -1},
              {"streams", std::move(streams)}};
  if (!r.congestion.empty()) out["congestion_used"] = r.congestion;
  return out.dump();
}

expected<Results, std::string> parse_results(std::string_view text) {
  constexpr std::uint64_t kAny = std::numeric_limits<std::int64_t>::max();
  const auto object = parse_object(text);
  if (!object) return unexpected(std::string("the results are no JSON object"));
  Results out;
  out.cpu_total = real(*object, "cpu_util_total");
  out.cpu_user = real(*object, "cpu_util_user");
  out.cpu_system = real(*object, "cpu_util_system");
  out.congestion = word(*object, "congestion_used");
  // A side that has none says -1, which iperf3 prints as 2^64 - 1.
  out.has_retransmits = whole(*object, "sender_has_retransmits", 1).value_or(0) == 1;
  const auto streams = object->find("streams");
  if (streams == object->end() || !streams->is_array() || streams->size() > 2 * kMostStreams) {
    return unexpected(std::string("the results have no list of streams, or too many"));
  }
  for (const json& entry : *streams) {
    if (!entry.is_object()) return unexpected(std::string("a stream of the results is no object"));
    const auto id = whole(entry, "id", 1'000'000), bytes = whole(entry, "bytes", kAny);
    if (!id || !bytes) return unexpected(std::string("a number of the results is none, or out of range"));
    StreamResult stream{static_cast<int>(*id), *bytes, std::nullopt, real(entry, "end_time")};
    if (out.has_retransmits) stream.retransmits = whole(entry, "retransmits", kAny);
    out.streams.push_back(stream);
  }
  return out;
}

std::string framed(std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string out;
  for (const unsigned shift : {24u, 16u, 8u, 0u}) out += static_cast<char>(size >> shift & 0xff);
  return out.append(text);
}

std::optional<Cookie> Reader::take_cookie() {
  if (held_.size() < kCookieSize) return std::nullopt;
  Cookie cookie;
  std::copy_n(held_.begin(), kCookieSize, cookie.begin());
  held_.erase(0, kCookieSize);
  return cookie;
}

std::optional<State> Reader::take_state() {
  if (held_.empty()) return std::nullopt;
  const auto state = static_cast<State>(static_cast<std::int8_t>(held_[0]));
  held_.erase(0, 1);
  return state;
}

std::optional<std::uint32_t> Reader::take_number() {
  if (held_.size() < 4) return std::nullopt;
  std::uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number = number << 8 | static_cast<std::uint8_t>(held_[i]);
  held_.erase(0, 4);
  return number;
}

expected<std::optional<std::string>, std::string> Reader::take_json() {
  if (held_.size() < 4) return std::optional<std::string>();
  Reader head;
  head.held_ = held_.substr(0, 4);
  const std::size_t size = *head.take_number();
  if (size == 0 || size > kMostJson) return unexpected(fmt::format("a text of {} bytes", size));
  if (held_.size() < 4 + size) return std::optional<std::string>();
  std::string text = held_.substr(4, size);
  held_.erase(0, 4 + size);
  return std::optional<std::string>(std::move(text));
}

}  // namespace leat::command::iperf
