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
    const bool is_hex = text.starts_with("0x");
    if (is_hex) text.remove_prefix(2);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, is_hex ? 16 : 10);
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

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The times of SO_KEEPALIVE; they switch nothing on.
KeepAlive& keep_alive_of(SocketsConfig& config) {
  if (!config.tcp.keep_alive) config.tcp.keep_alive = KeepAlive{};
  return *config.tcp.keep_alive;
}

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
    {"net.ipv4.tcp_invalid_ratelimit", 0, 1 << 30,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.challenge_interval = milliseconds(v); }},
    {"net.ipv4.tcp_min_tso_segs", 1, 65535,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.least_burst = static_cast<std::uint16_t>(v); }},
    {"net.ipv4.tcp_notsent_lowat", 0, 0xffffffff,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.notsent_lowat = static_cast<std::uint32_t>(v); }},
    {"net.ipv4.ip_default_ttl", 1, 255,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.ttl = static_cast<std::uint8_t>(v); }},
    {"net.ipv4.tcp_early_retrans", 0, 4, [](SocketsConfig& c, std::int64_t v) { c.tcp.tail_loss_probe = v >= 3; }},
    {"net.ipv4.tcp_slow_start_after_idle", 0, 1,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.restart_after_idle = v != 0; }},
    {"net.ipv4.tcp_keepalive_time", 1, 32767,
     [](SocketsConfig& c, std::int64_t v) { keep_alive_of(c).idle = seconds(v); }},
    {"net.ipv4.tcp_keepalive_intvl", 1, 32767,
     [](SocketsConfig& c, std::int64_t v) { keep_alive_of(c).interval = seconds(v); }},
    {"net.ipv4.tcp_keepalive_probes", 1, 127,
     [](SocketsConfig& c, std::int64_t v) { keep_alive_of(c).probes = static_cast<unsigned>(v); }},
    {"net.ipv4.tcp_rto_max_ms", 1000, 120'000,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.max_rto = std::chrono::milliseconds(v); }},
    {"net.inet.tcp.sack.enable", 0, 1, [](SocketsConfig& c, std::int64_t v) { c.tcp.sack = v != 0; }},
    {"net.inet.tcp.rfc1323", 0, 1, [](SocketsConfig& c, std::int64_t v) { c.tcp.timestamps = v != 0; }},
    {"route.hoplimit", 1, 255, [](SocketsConfig& c, std::int64_t v) { c.tcp.ttl = static_cast<std::uint8_t>(v); }},
    {"route.window", 0, 1 << 30,
     [](SocketsConfig& c, std::int64_t v) { c.tcp.window_clamp = static_cast<std::uint32_t>(v); }},
    {"net.core.somaxconn", 0, 65535, [](SocketsConfig& c, std::int64_t v) { c.somaxconn = static_cast<int>(v); }},
    {"net.core.rmem_max", 256, 1 << 30, [](SocketsConfig& c, std::int64_t v) { c.rmem_max = static_cast<int>(v); }},
    {"net.core.wmem_max", 256, 1 << 30, [](SocketsConfig& c, std::int64_t v) { c.wmem_max = static_cast<int>(v); }},
    // Attributes of the route (`ip route … quickack 1`).
    {"route.quickack", 0, 1,
     [](SocketsConfig& c, std::int64_t v) {
       if (v != 0) c.tcp.delayed_ack = Duration::zero();
     }},
    // Leat has none of these. A script that uses them shows it by a flag, an option or a call (drill/features.h).
    {"net.ipv4.tcp_ecn", 0, 5, [](SocketsConfig&, std::int64_t) {}},
    {"net.ipv4.tcp_fastopen", 0, 0xffffffff, [](SocketsConfig&, std::int64_t) {}},
    {"net.ipv4.tcp_syncookies", 0, 1, [](SocketsConfig&, std::int64_t) {}},
    {"net.core.rmem_default", 256, 1 << 30, [](SocketsConfig&, std::int64_t) {}},  // of UDP; tcp_rmem is TCP's
    {"net.core.wmem_default", 256, 1 << 30, [](SocketsConfig&, std::int64_t) {}},
};

/// Settings without a choice: Leat always acts as Linux does with this value.
struct FixedKnob {
  std::string_view name;
  std::string_view value;
  std::string_view also{};  ///< means the same
};
constexpr FixedKnob kFixed[] = {
    {"net.ipv4.tcp_window_scaling", "1"},
    {"net.ipv4.tcp_mtu_probing", "0"},
    {"net.ipv4.tcp_abort_on_overflow", "0"},
    {"net.ipv4.tcp_rfc1337", "0"},
    {"net.ipv4.tcp_stdurg", "0"},
    {"net.ipv4.tcp_thin_linear_timeouts", "0"},
    {"net.ipv4.tcp_reordering", "3"},
    {"net.ipv4.tcp_retries1", "3"},
    {"net.ipv4.tcp_workaround_signed_windows", "0"},
    {"net.ipv4.tcp_shrink_window", "0"},
    {"net.ipv4.tcp_syn_linear_timeouts", "0"},
    {"net.ipv4.tcp_dsack", "1"},
    {"net.ipv4.tcp_recovery", "1", "0x1"},
    {"net.ipv4.tcp_frto", "2", "1"},
    {"net.ipv4.tcp_pingpong_thresh", "1"},
    {"net.ipv4.tcp_reflect_tos", "0"},
    {"net.ipv4.tcp_plb_enabled", "0"},
    {"net.ipv4.tcp_rto_min_us", "200000"},
    {"net.ipv4.tcp_max_reordering", "300"},
    {"net.ipv4.tcp_app_win", "31"},
    {"net.ipv4.tcp_adv_win_scale", "1"},
    {"net.ipv4.ip_no_pmtu_disc", "0"},
    {"net.ipv4.ip_forward_use_pmtu", "0"},
    {"route.initcwnd", "10"},
    {"route.initrwnd", "0"},
    {"route.rto_min", "200ms"},
    // FreeBSD's names.
    {"net.inet.tcp.syncookies", "0"},
    {"net.inet.tcp.ecn.enable", "0"},
    {"net.inet.tcp.fastopen.server_enable", "0"},
    {"net.inet.tcp.fastopen.client_enable", "0"},
    {"net.inet.tcp.initcwnd_segments", "10"},
    {"net.inet.tcp.path_mtu_discovery", "1"},
    {"net.inet.tcp.drop_synfin", "0"},
    {"net.inet.tcp.blackhole", "0"},
};

/// Settings that could change no segment here: the kernel's memory, its cache of routes, the way it fills devices.
constexpr std::string_view kWithoutMeaning[] = {"net.ipv4.tcp_no_metrics_save",
                                                "net.ipv4.tcp_tso_win_divisor",
                                                "net.ipv4.tcp_limit_output_bytes",
                                                "net.ipv4.tcp_mem",
                                                "net.ipv4.tcp_low_latency",
                                                "net.ipv4.tcp_max_tw_buckets",
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
                                                "net.ipv4.tcp_comp_sack_delay_ns",
                                                "net.ipv4.tcp_comp_sack_slack_ns",
                                                "net.ipv4.tcp_comp_sack_rtt_percent",
                                                "net.ipv4.tcp_backlog_ack_defer",
                                                "net.ipv4.tcp_autocorking",
                                                "net.ipv4.tcp_min_rtt_wlen",
                                                "net.ipv4.tcp_max_syn_backlog",
                                                "net.ipv4.tcp_tw_reuse",
                                                "net.ipv4.tcp_tw_recycle",
                                                "net.ipv4.tcp_tw_reuse_delay",
                                                "net.ipv4.tcp_fack",
                                                "net.ipv4.tcp_early_demux",
                                                "net.ipv4.tcp_base_mss",
                                                "net.ipv4.tcp_mtu_probe_floor",
                                                "net.ipv4.tcp_min_snd_mss",
                                                "net.ipv4.tcp_probe_interval",
                                                "net.ipv4.tcp_probe_threshold",
                                                "net.ipv4.tcp_ecn_fallback",
                                                "net.ipv4.tcp_ecn_option",
                                                "net.ipv4.tcp_ecn_option_beacon",
                                                "net.ipv4.tcp_fastopen_blackhole_timeout_sec",
                                                "net.ipv4.tcp_fastopen_key",
                                                "net.ipv4.tcp_fwmark_accept",
                                                "net.ipv4.tcp_migrate_req",
                                                "net.ipv4.tcp_available_congestion_control",
                                                "net.ipv4.tcp_allowed_congestion_control",
                                                "net.ipv4.tcp_child_ehash_entries",
                                                "net.ipv4.ip_local_reserved_ports",
                                                "net.ipv4.route.flush",
                                                "net.core.netdev_max_backlog",
                                                "net.core.busy_poll",
                                                "net.core.busy_read",
                                                "route.metric",
                                                "route.rtt",
                                                "route.rttvar",
                                                "net.inet.tcp.hostcache.purgenow",
                                                "net.inet.tcp.tso",
                                                "net.inet.tcp.log_in_vain",
                                                "net.inet.tcp.log_debug",
                                                "net.inet.icmp.icmplim",
                                                "net.inet.tcp.msl",
                                                "kern.ipc.maxsockbuf",
                                                "net.ipv4.ip_local_port_range"};

Trouble set_buffers(const Knob& knob, SocketsConfig& config) {
  const auto numbers = numbers_of(knob.value);
  const bool good =
      numbers && numbers->size() == 3 &&
      std::all_of(numbers->begin(), numbers->end(), [](std::int64_t n) { return n >= 256 && n <= 1 << 30; });
  if (!good) return std::string("want three numbers of bytes");
  // The second number is the size that a socket begins with, and the third is the limit of its growth.
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

Trouble set_link_mtu(const std::string& value, std::uint32_t& mtu) {
  constexpr std::int64_t kLeast = 68, kMost = 65535;  // RFC 791
  const auto numbers = numbers_of(value);
  if (!numbers || numbers->size() != 1 || (*numbers)[0] < kLeast || (*numbers)[0] > kMost) {
    return concat("want an MTU from ", kLeast, " to ", kMost);
  }
  mtu = static_cast<std::uint32_t>((*numbers)[0]);
  return std::nullopt;
}

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
  if (knob.name == "route.congctl") return set_leat_knob({"net.ipv4.tcp_congestion_control", knob.value}, config);
  if (knob.name.starts_with("kern.")) return std::nullopt;  // FreeBSD's clocks and modules
  for (const FixedKnob& fixed : kFixed) {
    if (fixed.name != knob.name) continue;
    if (fixed.value == knob.value || fixed.also == knob.value) return std::nullopt;
    return concat("Leat always does as with ", fixed.value);
  }
  for (const std::string_view name : kWithoutMeaning) {
    if (name == knob.name) return std::nullopt;
  }
  return std::string("Leat has no such setting");
}

}  // namespace leat::drill
