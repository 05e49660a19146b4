// TCP_INFO: TcpInfo in the layout, the units and the words of Linux's struct tcp_info. What Leat does not measure is 0.
#include <linux/tcp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <limits>

#include "socket/options.h"

namespace leat {
namespace {

/// The kernel's numbers; a socket in TIME-WAIT is closed to its owner.
std::uint8_t state_number(TcpState state) {
  switch (state) {
    case TcpState::established: return 1;
    case TcpState::syn_sent: return 2;
    case TcpState::syn_received: return 3;
    case TcpState::fin_wait_1: return 4;
    case TcpState::fin_wait_2: return 5;
    case TcpState::close_wait: return 8;
    case TcpState::last_ack: return 9;
    case TcpState::listen: return 10;
    case TcpState::closing: return 11;
    case TcpState::time_wait:
    case TcpState::closed: break;
  }
  return 7;
}

std::uint32_t bounded(std::int64_t value) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, std::numeric_limits<std::uint32_t>::max()));
}
std::uint32_t microseconds(Duration d) {
  return bounded(std::chrono::duration_cast<std::chrono::microseconds>(d).count());
}

void fill_times(const TcpInfo& in, Instant now, tcp_info& out) {
  const auto since = [now](const std::optional<Instant>& then) {
    return then ? bounded(std::chrono::duration_cast<std::chrono::milliseconds>(now - *then).count()) : 0;
  };
  out.tcpi_last_data_sent = since(in.last_data_sent);
  out.tcpi_last_data_recv = since(in.last_data_recv);
  out.tcpi_last_ack_recv = since(in.last_ack_recv);
  out.tcpi_rto = microseconds(in.rto);
  out.tcpi_ato = microseconds(in.ato);
  out.tcpi_rtt = microseconds(in.rtt);
  out.tcpi_rttvar = microseconds(in.rttvar);
  out.tcpi_rcv_rtt = microseconds(in.rcv_rtt);
  out.tcpi_min_rtt = in.min_rtt > Duration::zero() ? microseconds(in.min_rtt) : 0xffffffffu;
}

void fill_counts(const TcpInfo& in, tcp_info& out) {
  out.tcpi_total_retrans = in.total_retrans;
  out.tcpi_dsack_dups = in.dsack_dups;
  out.tcpi_reord_seen = in.reord_seen;
  out.tcpi_bytes_acked = in.bytes_acked;
  out.tcpi_bytes_received = in.bytes_received;
  out.tcpi_bytes_sent = in.bytes_sent;
  out.tcpi_bytes_retrans = in.bytes_retrans;
  out.tcpi_segs_out = bounded(static_cast<std::int64_t>(in.segs_out));
  out.tcpi_segs_in = bounded(static_cast<std::int64_t>(in.segs_in));
  out.tcpi_data_segs_out = bounded(static_cast<std::int64_t>(in.data_segs_out));
  out.tcpi_data_segs_in = bounded(static_cast<std::int64_t>(in.data_segs_in));
  out.tcpi_rcv_ooopack = bounded(static_cast<std::int64_t>(in.rcv_ooopack));
}

/// The structure as of Linux 6.2, which has two words more; the headers here may be older.
int give(const tcp_info& info, std::uint32_t rcv_wnd, const OptionOutput& output) {
  constexpr std::size_t kReceiveWindow = offsetof(tcp_info, tcpi_snd_wnd) + sizeof(info.tcpi_snd_wnd);
  std::array<std::uint8_t, std::max(sizeof(tcp_info), kReceiveWindow + 8)> bytes{};
  std::memcpy(bytes.data(), &info, sizeof info);
  std::memcpy(bytes.data() + kReceiveWindow, &rcv_wnd, sizeof rcv_wnd);
  return output.object(bytes);
}

/// Linux counts these in segments.
void fill_segments(const TcpInfo& in, tcp_info& out) {
  const std::uint32_t mss = std::max(in.snd_mss, 1u);
  const auto segments = [mss](std::uint32_t bytes) { return bytes / mss + (bytes % mss != 0 ? 1 : 0); };
  constexpr std::uint32_t kNoLossYet = 0x7fffffff;
  out.tcpi_snd_cwnd = in.snd_cwnd / mss;
  out.tcpi_snd_ssthresh = in.snd_ssthresh == 0xffffffffu ? kNoLossYet : in.snd_ssthresh / mss;
  out.tcpi_unacked = segments(in.unacked);
  out.tcpi_sacked = segments(in.sacked);
  out.tcpi_lost = segments(in.lost);
  out.tcpi_retrans = segments(in.resent);
}

}  // namespace

int get_tcp_info(const StreamSocket& socket, Instant now, const OptionOutput& output) {
  const TcpInfo in = socket.tcp_info().value_or(TcpInfo{});
  tcp_info out{};
  out.tcpi_state = state_number(in.state);
  out.tcpi_ca_state = static_cast<std::uint8_t>(in.ca_state) & 0x7;
  out.tcpi_retransmits = static_cast<std::uint8_t>(in.retransmits);
  out.tcpi_probes = static_cast<std::uint8_t>(in.probes);
  out.tcpi_backoff = static_cast<std::uint8_t>(in.backoff);
  if (in.timestamps) out.tcpi_options |= TCPI_OPT_TIMESTAMPS;
  if (in.sack) out.tcpi_options |= TCPI_OPT_SACK;
  if (in.window_scaling) out.tcpi_options |= TCPI_OPT_WSCALE;
  out.tcpi_snd_wscale = in.snd_wscale & 0xf;
  out.tcpi_rcv_wscale = in.rcv_wscale & 0xf;
  out.tcpi_snd_mss = in.snd_mss;
  out.tcpi_rcv_mss = in.rcv_mss;
  out.tcpi_pmtu = in.pmtu;
  out.tcpi_advmss = in.advmss;
  out.tcpi_reordering = in.reordering;
  out.tcpi_notsent_bytes = in.notsent;
  out.tcpi_snd_wnd = in.snd_wnd;
  out.tcpi_rcv_ssthresh = in.rcv_ssthresh;
  out.tcpi_rcv_space = in.rcv_space;
  out.tcpi_pacing_rate = in.pacing_rate.value_or(~std::uint64_t{0});
  out.tcpi_max_pacing_rate = ~std::uint64_t{0};
  fill_times(in, now, out);
  fill_counts(in, out);
  fill_segments(in, out);
  return give(out, in.rcv_wnd, output);
}

}  // namespace leat
