#include "drill_leat/knobs.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "drill/text.h"
#include "tcp/congestion/registry.h"

namespace leat::drill {
namespace {

using Trouble = std::optional<std::string>;
using Numbers = std::vector<std::int64_t>;

std::optional<Numbers> numbers_of(std::string_view text) {
  Numbers out;
  while (true) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    if (text.empty()) return out;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc()) return std::nullopt;
    out.push_back(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty() && text.front() != ' ' && text.front() != '\t') return std::nullopt;
  }
}

struct NumberKnob {
  std::string_view name;
  std::int64_t least, most;
  void (*set)(SocketsConfig&, std::int64_t);
};

using std::chrono::seconds;

/// Knobs of one number.
constexpr NumberKnob kNumbers[] = {
    {"net.ipv4.tcp_sack", 0, 1, [](SocketsConfig& c, std::int64_t v) { c.tcp.sack = v != 0; }},
    {"net.ipv4.tcp_timestamps", 0, 2, [](SocketsConfig& c, std::int64_t v) { c.tcp.timestamps = v != 0; }},
    {"net.ipv4.tcp_moderate_rcvbuf", 0, 1,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.moderate_receive_buffer = v != 0; }},
    {"net.ipv4.tcp_syn_retries", 0, 127,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.syn_retries = static_cast<unsigned>(v); }},
    {"net.ipv4.tcp_synack_retries", 0, 127,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.syn_ack_retries = static_cast<unsigned>(v); }},
    {"net.ipv4.tcp_retries2", 1, 127,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.retries = static_cast<unsigned>(v); }},
    {"net.ipv4.tcp_orphan_retries", 0, 127,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.orphan_retries = v == 0 ? 8 : static_cast<unsigned>(v); }},
    {"net.ipv4.tcp_max_orphans", 0, 1 << 30,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.max_orphans = static_cast<std::size_t>(v); }},
    {"net.ipv4.tcp_fin_timeout", 1, 3600, [](SocketsConfig& c, std::int64_t v) { c.tcp.fin_wait_2 = seconds(v); }},
    {"net.ipv4.tcp_notsent_lowat", 0, 0xffffffff,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.notsent_lowat = static_cast<std::uint32_t>(v); }},
    {"net.ipv4.ip_default_ttl", 1, 255,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.ttl = static_cast<std::uint8_t>(v); }},
    {"net.core.somaxconn", 0, 65535, [](SocketsConfig& c, std::int64_t v) { c.somaxconn = static_cast<int>(v); }},
    {"net.core.rmem_max", 256, 1 << 30, [](SocketsConfig& c, std::int64_t v) { c.rmem_max = static_cast<int>(v); }},
    {"net.core.wmem_max", 256, 1 << 30, [](SocketsConfig& c, std::int64_t v) { c.wmem_max = static_cast<int>(v); }},
    // Attributes of the route (`ip route … quickack 1`).
    {"route.quickack", 0, 1,
     [](SocketsConfig& c, std::int64_t v) {
       if (v != 0) c.tcp.delayed_ack = Duration::zero();
     }},
    {"net.core.rmem_default", 256, 1 << 30, [](SocketsConfig&, std::int64_t) {}},  // of UDP; tcp_rmem is TCP's
    {"net.core.wmem_default", 256, 1 << 30, [](SocketsConfig&, std::int64_t) {}},
};

/// What Leat does always: as Linux does with this value.
struct FixedKnob {
  std::string_view name;
  std::string_view value;
};
constexpr FixedKnob kFixed[] = {
    {"net.ipv4.tcp_window_scaling", "1"},
    {"net.ipv4.tcp_ecn", "0"},
    {"net.ipv4.tcp_fastopen", "0"},
    {"net.ipv4.tcp_syncookies", "0"},
    {"net.ipv4.tcp_mtu_probing", "0"},
    {"net.ipv4.tcp_abort_on_overflow", "0"},
    {"net.ipv4.tcp_rfc1337", "0"},
    {"net.ipv4.tcp_stdurg", "0"},
    {"net.ipv4.tcp_thin_linear_timeouts", "0"},
    {"net.ipv4.tcp_reordering", "3"},
    {"net.ipv4.tcp_retries1", "3"},
    {"net.ipv4.tcp_slow_start_after_idle", "1"},
    {"net.ipv4.tcp_workaround_signed_windows", "0"},
    {"net.ipv4.tcp_shrink_window", "0"},
    {"net.ipv4.tcp_syn_linear_timeouts", "0"},
};

/// What has no counterpart that could change a segment: memory of the kernel's, its routes' memory, how it fills
/// devices.
constexpr std::string_view kWithoutMeaning[] = {"net.ipv4.tcp_no_metrics_save",
                                                "net.ipv4.tcp_tso_win_divisor",
                                                "net.ipv4.tcp_min_tso_segs",
                                                "net.ipv4.tcp_limit_output_bytes",
                                                "net.ipv4.tcp_mem",
                                                "net.ipv4.tcp_low_latency",
                                                "net.ipv4.tcp_max_tw_buckets",
                                                "net.ipv4.tcp_invalid_ratelimit",
                                                "net.ipv4.tcp_challenge_ack_limit",
                                                "net.ipv4.tcp_pacing_ss_ratio",
                                                "net.ipv4.tcp_pacing_ca_ratio",
                                                "net.ipv4.icmp_ratelimit",
                                                "net.ipv4.icmp_ratemask",
                                                "net.ipv4.icmp_msgs_per_sec",
                                                "net.ipv4.icmp_msgs_burst",
                                                "net.ipv4.tcp_no_ssthresh_metrics_save",
                                                "net.ipv4.tcp_tso_rtt_log",
                                                "net.core.default_qdisc",
                                                "net.core.optmem_max",
                                                "net.core.netdev_budget",
                                                "net.ipv4.tcp_comp_sack_nr",
                                                "net.ipv4.ip_local_port_range"};

Trouble set_buffers(const Knob& knob, SocketsConfig& config) {
  const auto numbers = numbers_of(knob.value);
  const bool good =
      numbers && numbers->size() == 3 &&
      std::all_of(numbers->begin(), numbers->end(), [](std::int64_t n) { return n >= 256 && n <= 1 << 30; });
  if (!good) return std::string("want three numbers of bytes");
  // The second is what a socket begins with, the third how far it grows by itself.
  const BufferGrowth growth{std::max<std::size_t>(static_cast<std::size_t>((*numbers)[1]), 2048),
                            std::max<std::size_t>(static_cast<std::size_t>((*numbers)[2]), 2048)};
  if (knob.name == "net.ipv4.tcp_rmem") {
    config.rmem_default = static_cast<int>((*numbers)[1]);
    config.tcp.receive_growth = growth;
  } else {
    config.wmem_default = static_cast<int>((*numbers)[1]);
    config.tcp.send_growth = growth;
  }
  return std::nullopt;
}

}  // namespace

Trouble set_leat_knob(const Knob& knob, SocketsConfig& config) {
  for (const NumberKnob& known : kNumbers) {
    if (known.name != knob.name) continue;
    const auto numbers = numbers_of(knob.value);
    if (!numbers || numbers->size() != 1 || (*numbers)[0] < known.least || (*numbers)[0] > known.most) {
      return concat("want a number from ", known.least, " to ", known.most);
    }
    known.set(config, (*numbers)[0]);
    return std::nullopt;
  }
  if (knob.name == "net.ipv4.tcp_rmem" || knob.name == "net.ipv4.tcp_wmem") return set_buffers(knob, config);
  if (knob.name == "net.ipv4.tcp_congestion_control") {
    if (!is_controller(knob.value)) return concat("Leat has no congestion control ", knob.value);
    config.tcp.congestion_control = knob.value;
    return std::nullopt;
  }
  for (const FixedKnob& fixed : kFixed) {
    if (fixed.name != knob.name) continue;
    if (fixed.value == knob.value) return std::nullopt;
    return concat("Leat always does as with ", fixed.value);
  }
  for (const std::string_view name : kWithoutMeaning) {
    if (name == knob.name) return std::nullopt;
  }
  return std::string("Leat has no such knob");
}

}  // namespace leat::drill
