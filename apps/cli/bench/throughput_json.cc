// A throughput test as JSON. The names are iperf3's where it has them; docs/leat-bench.md lists them.
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/bench/throughput_record.h"
#include "cli/units.h"

namespace leat::command {
namespace {

using json = nlohmann::ordered_json;

std::int64_t microseconds_of(Duration d) { return std::chrono::duration_cast<std::chrono::microseconds>(d).count(); }

json period(Duration start, Duration end, std::uint64_t bytes) {
  const double time = seconds(end - start);
  return {{"start", seconds(start)},
          {"end", seconds(end)},
          {"seconds", time},
          {"bytes", bytes},
          {"bits_per_second", time > 0 ? static_cast<double>(bytes) * 8 / time : 0}};
}

json interval_json(const Interval& interval, bool is_sender) {
  json streams = json::array();
  std::uint64_t bytes = 0, retransmits = 0;
  for (const StreamFigures& s : interval.streams) {
    bytes += s.bytes, retransmits += s.retransmits;
    json stream = {{"socket", s.number}};
    stream.update(period(interval.start, interval.end, s.bytes));
    if (is_sender) {
      stream.update({{"retransmits", s.retransmits},
                     {"snd_cwnd", s.cwnd},
                     {"snd_wnd", s.snd_wnd},
                     {"rtt", microseconds_of(s.rtt)},
                     {"rttvar", microseconds_of(s.rttvar)},
                     {"pmtu", s.pmtu}});
    }
    stream.update({{"omitted", interval.omitted}, {"sender", is_sender}});
    streams.push_back(std::move(stream));
  }
  json sum = period(interval.start, interval.end, bytes);
  if (is_sender) sum["retransmits"] = retransmits;
  sum.update({{"omitted", interval.omitted}, {"sender", is_sender}});
  return {{"streams", std::move(streams)}, {"sum", std::move(sum)}};
}

json side_json(const StreamSide& side, bool is_sender) {
  json out = period({}, side.time, side.bytes);
  if (side.retransmits) out["retransmits"] = *side.retransmits;
  out["sender"] = is_sender;
  return out;
}

json start_json(const ThroughputRecord& r) {
  json connected = json::array();
  for (const StreamRecord& s : r.streams) {
    connected.push_back({{"socket", s.number},
                         {"local_host", s.local.address.to_string()},
                         {"local_port", s.local.port},
                         {"remote_host", s.remote.address.to_string()},
                         {"remote_port", s.remote.port}});
  }
  json out = {{"connected", std::move(connected)}, {"version", "leat " LEAT_VERSION}};
  const json peer = {{"host", r.is_server ? r.remote.address.to_string() : r.host}, {"port", r.remote.port}};
  out[r.is_server ? "accepted_connection" : "connecting_to"] = peer;
  out["cookie"] = r.cookie;
  const iperf::Parameters& p = r.parameters;
  out["test_start"] = {{"protocol", "TCP"}, {"num_streams", p.parallel},    {"blksize", p.block},
                       {"omit", p.omit},    {"duration", p.seconds},        {"bytes", p.bytes},
                       {"blocks", 0},       {"reverse", p.reverse ? 1 : 0}, {"target_bitrate", p.bandwidth}};
  return out;
}

json end_json(const ThroughputRecord& r) {
  json streams = json::array();
  for (const StreamRecord& s : r.streams) {
    json entry = {{"socket", s.number}};
    if (s.sent) entry["sender"] = side_json(*s.sent, r.is_sender);
    if (s.received) entry["receiver"] = side_json(*s.received, r.is_sender);
    streams.push_back(std::move(entry));
  }
  json out = {{"streams", std::move(streams)}};
  if (const auto sum = sum_of(r, true)) out["sum_sent"] = side_json(*sum, r.is_sender);
  if (const auto sum = sum_of(r, false)) out["sum_received"] = side_json(*sum, r.is_sender);
  json cpu = json::object();
  for (const auto& [use, name] : {std::pair{&r.local_cpu, "host_"}, std::pair{&r.remote_cpu, "remote_"}}) {
    if (!*use) continue;
    cpu[std::string(name) + "total"] = (*use)->total;
    cpu[std::string(name) + "user"] = (*use)->user;
    cpu[std::string(name) + "system"] = (*use)->system;
  }
  out["cpu_utilization_percent"] = std::move(cpu);
  const std::string& sender = r.is_sender ? r.local_congestion : r.remote_congestion;
  const std::string& receiver = r.is_sender ? r.remote_congestion : r.local_congestion;
  if (!sender.empty()) out["sender_tcp_congestion"] = sender;
  if (!receiver.empty()) out["receiver_tcp_congestion"] = receiver;
  return out;
}

}  // namespace

std::string json_text(const ThroughputRecord& record) {
  json intervals = json::array();
  for (const Interval& interval : record.intervals) intervals.push_back(interval_json(interval, record.is_sender));
  json out = {{"start", start_json(record)}, {"intervals", std::move(intervals)}, {"end", end_json(record)}};
  if (!record.error.empty()) out["error"] = record.error;
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace leat::command
