#include "cli/host/tcp_setting_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "cli/units.h"
#include "cli/value_option.h"
#include "tcp/congestion/registry.h"

namespace leat::command {
namespace {

constexpr const char* kTcpGroup = "TCP options";
constexpr std::uint64_t kLeastBuffer = 2048, kMostBuffer = std::uint64_t{1} << 30;

expected<std::string, std::string> parse_congestion_control(std::string_view text) {
  if (is_controller(text)) return std::string(text);
  std::string known;
  for (const std::string_view name : controller_names()) known += (known.empty() ? "" : ", ") + std::string(name);
  return unexpected(fmt::format("there is no congestion control \"{}\"; known: {}", text, known));
}

/// What a connection's receive buffer is unless --rcvbuf says it: a subcommand may have chosen.
std::string receive_buffer_text(const TcpSettings& tcp) {
  return tcp.receive_buffer ? fmt::format("{}k", *tcp.receive_buffer >> 10)
                            : fmt::format("what the reader needs, up to {}M", tcp.receive_growth.most >> 20);
}

/// An option with a number from `least` to `most`, stored as a T.
template <class T>
void add_tcp_number(CLI::App& command, const std::string& name, std::uint64_t least, std::uint64_t most,
                    const std::string& description, std::function<void(T)> store) {
  add_value(
      command, name, "N", description, [=](std::string_view text) { return parse_number(text, least, most); },
      [store](std::uint64_t n) { store(static_cast<T>(n)); })
      ->group(kTcpGroup);
}

/// An option with a time, at most `most`.
void add_tcp_time(CLI::App& command, const std::string& name, Duration most, const std::string& description,
                  std::function<void(Duration)> store) {
  add_value(
      command, name, "T", description, [most](std::string_view text) { return parse_duration(text, most); },
      std::move(store))
      ->group(kTcpGroup);
}

/// "60s", "60s,10s" or "60s,10s,5": idle time, interval and number of probes.
expected<KeepAlive, std::string> parse_keep_alive(std::string_view text) {
  KeepAlive settings;
  for (int field = 0; field < 3 && !text.empty(); ++field) {
    const std::string_view word = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (field == 2) {
      const auto probes = parse_number(word, 1, 127);
      if (!probes) return unexpected(probes.error());
      settings.probes = static_cast<unsigned>(*probes);
      continue;
    }
    const auto time = parse_duration(word, std::chrono::hours(24 * 365));
    if (!time) return unexpected(time.error());
    (field == 0 ? settings.idle : settings.interval) = *time;
  }
  if (!text.empty()) return unexpected(fmt::format("\"{}\" is more than IDLE,INTERVAL,PROBES", text));
  return settings;
}

void add_endurance_options(CLI::App& command, TcpSettings& tcp) {
  add_tcp_number<unsigned>(command, "--syn-retries", 0, 127,
                           "How often a SYN is repeated before the attempt fails, 0 to 127. Default: 6.",
                           [&tcp](unsigned n) { tcp.syn_retries = n; });
  add_tcp_number<unsigned>(
      command, "--retries", 1, 127,
      "How often data is repeated before the connection is given up, 1 to 127. Default: 15, which is "
      "about 15 minutes.",
      [&tcp](unsigned n) { tcp.retries = n; });
  add_tcp_time(command, "--user-timeout", std::chrono::hours(24 * 365),
               "How long data may stay unacknowledged before the connection is given up, whatever --retries says. "
               "Default: no such limit.",
               [&tcp](Duration d) { tcp.user_timeout = d; });
  add_tcp_time(
      command, "--max-rto", std::chrono::hours(1),
      "The longest wait for an acknowledgement before a segment is sent again, such as 1s, 500ms or 2 (seconds). "
      "RFC 6298 wants at least 60 s; less is for tests. Default: 120s.",
      [&tcp](Duration d) { tcp.max_rto = d; });
  add_value(
      command, "--keepalive", "IDLE[,INTERVAL[,PROBES]]",
      "Ask a peer that has been silent for IDLE whether it is there, every INTERVAL (75s), and give it up after PROBES "
      "(9) without an answer. Default: " +
          std::string(tcp.keep_alive ? "2h." : "never."),
      parse_keep_alive, [&tcp](const KeepAlive& settings) { tcp.keep_alive = settings; })
      ->group(kTcpGroup);
}

}  // namespace

void add_tcp_options(CLI::App& command, TcpSettings& tcp) {
  add_tcp_number<std::uint16_t>(
      command, "--mss", 88, 65495,
      "The largest TCP segment to offer and to send, 88 to 65495 bytes. Default: what the MTU "
      "allows.",
      [&tcp](std::uint16_t n) { tcp.mss = n; });
  add_tcp_number<std::uint8_t>(command, "--tos", 0, 255,
                               "The TOS byte of every IP packet, 0 to 255 or 0x00 to 0xff. Default: 0.",
                               [&tcp](std::uint8_t n) { tcp.tos = n; });
  add_value(command, "--cc", "NAME",
            "The congestion control: cubic, reno, or aimd, the rules of the first raw-socket clients, for experiments "
            "only. Default: cubic.",
            parse_congestion_control, [&tcp](std::string name) { tcp.congestion_control = std::move(name); })
      ->group(kTcpGroup);
  add_endurance_options(command, tcp);
  add_tcp_time(command, "--delayed-ack", std::chrono::milliseconds(499),
               "How long the acknowledgement of a lone segment may wait, below 500ms. Default: 40ms.",
               [&tcp](Duration d) { tcp.delayed_ack = d; });
  command.add_flag("--push-all", tcp.push_each_segment, "Set PSH on every segment with data.")->group(kTcpGroup);
  command
      .add_flag(
          "--no-timestamps", [&tcp](std::int64_t count) { tcp.timestamps = count == 0; },
          "Neither offer nor accept TCP timestamps.")
      ->group(kTcpGroup);
  command.add_flag("--nodelay", tcp.nodelay, "Switch Nagle's algorithm off.")->group(kTcpGroup);
  const auto size = [](std::string_view text) { return parse_size(text, kLeastBuffer, kMostBuffer); };
  add_value(command, "--sndbuf", "N",
            "Bytes of send buffer a connection, 2k to 1G. Default: what the path needs, up to 4M.", size,
            [&tcp](std::uint64_t n) { tcp.send_buffer = n; })
      ->group(kTcpGroup);
  add_value(command, "--rcvbuf", "N",
            "Bytes of receive buffer a connection, 2k to 1G. Default: " + receive_buffer_text(tcp) + ".", size,
            [&tcp](std::uint64_t n) { tcp.receive_buffer = n; })
      ->group(kTcpGroup);
}

}  // namespace leat::command
