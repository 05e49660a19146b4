#include "cli/host/stats_text.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/units.h"

namespace leat::command {
namespace {

constexpr std::uint32_t kNoThreshold = 0xffffffff;

/// " name:value" when the value is not zero.
template <class Value>
void add(std::string& out, std::string_view name, Value value) {
  if (value != 0) out += fmt::format(" {}:{}", name, value);
}

std::string columns(std::string_view state, std::string_view received, std::string_view sent, std::string_view local,
                    std::string_view remote) {
  return fmt::format("{:<11}{:<8}{:<8}{:<22} {}\n", state, received, sent, local, remote);
}

}  // namespace

std::string counters_text(const Counters& counters) {
  std::string out;
  for (std::size_t i = 0; i < counters.values.size(); ++i) {
    if (counters.values[i] == 0) continue;
    out += fmt::format("{:<32}{:<18}\n", to_string(static_cast<Counter>(i)), counters.values[i]);
  }
  for (std::size_t i = 0; i < counters.drops.size(); ++i) {
    if (counters.drops[i] == 0) continue;
    out += fmt::format("dropped {:<24}{:<18}\n", to_string(static_cast<DropReason>(i)), counters.drops[i]);
  }
  return out;
}

std::string impairment_text(const ImpairmentReport& report) {
  const ImpairmentCounters& c = report.counters;
  std::string out = fmt::format("impair {} frames {} bytes {}", report.impairment.to_string(), c.frames, c.bytes);
  const auto add_share = [&](std::string_view name, std::uint64_t n) {
    if (n > 0)
      out += fmt::format(" {} {} ({:.2f} %)", name, n, 100.0 * static_cast<double>(n) / static_cast<double>(c.frames));
  };
  add_share("lost", c.lost);
  add_share("queue_drops", c.queue_drops);
  add_share("refused", c.refused);
  add_share("reordered", c.reordered);
  add_share("duplicated", c.duplicated);
  add_share("corrupted", c.corrupted);
  const std::uint64_t arrived = c.frames - c.lost - c.queue_drops;
  if (arrived > 0 && c.longest_delay > Duration::zero()) {
    out += fmt::format(" delay {:.3f}/{:.3f} ms", milliseconds(c.total_delay) / static_cast<double>(arrived),
                       milliseconds(c.longest_delay));
  }
  return out + "\n";
}

std::string link_text(const LinkInfo& link) {
  std::string out = "link " + link.name;
  if (!link.description.empty()) out += " (" + link.description + ")";
  if (!link.mac.is_zero()) out += " mac " + link.mac.to_string();
  out += fmt::format(" mtu {}", link.mtu);
  if (link.max_super_segment > 0) out += fmt::format(" super-segments {}", link.max_super_segment);
  if (link.completes_checksums) out += " checksums offloaded";
  out += fmt::format(" rx {} packets {} bytes tx {} packets {} bytes", link.rx_packets, link.rx_bytes, link.tx_packets,
                     link.tx_bytes);
  add(out, "rx_dropped", link.rx_dropped);
  add(out, "tx_refused", link.tx_refused);
  add(out, "rx_partial_checksums", link.rx_partial_checksums);
  add(out, "rx_super_segments", link.rx_super_segments);
  out += "\n";
  for (const ImpairmentReport& report : link.impairments) out += impairment_text(report);
  return out;
}

std::string memory_text(const MemoryInfo& memory) {
  std::string out;
  std::uint64_t in_use = 0, kept = 0;
  for (const BufferUse& buffers : memory.buffers) {
    in_use += buffers.in_use * buffers.size;
    kept += buffers.kept * buffers.size;
    out += fmt::format("buffers of {:<6} in use {:<6} {:>10} bytes  free {:<6} {:>10} bytes\n", buffers.size,
                       buffers.in_use, buffers.in_use * buffers.size, buffers.kept, buffers.kept * buffers.size);
  }
  out += fmt::format("buffers in all    in use        {:>10} bytes  free        {:>10} bytes  limit {}", in_use, kept,
                     memory.limit);
  add(out, "refused", memory.refusals);
  return out + fmt::format("\nsockets connections:{} orphans:{} listeners:{} half_open:{} time_wait:{} neighbours:{}\n",
                           memory.connections, memory.orphans, memory.listeners, memory.half_open, memory.time_wait,
                           memory.neighbours);
}

std::string connection_heading() {
  return columns("State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port");
}

std::string connection_text(const SocketInfo& socket) {
  const TcpInfo& info = socket.tcp;
  const bool listens = info.state == TcpState::listen;
  std::string out =
      columns(to_string(info.state), std::to_string(socket.receive_queue), std::to_string(socket.send_queue),
              socket.local.to_string(), listens ? "*:*" : socket.remote.to_string());
  if (listens) return out;
  out += "\t";
  if (info.timestamps) out += " ts";
  if (info.sack) out += " sack";
  out += fmt::format(" {}", info.congestion_control);
  if (info.window_scaling) out += fmt::format(" wscale:{},{}", info.snd_wscale, info.rcv_wscale);
  out += fmt::format(" rto:{:.0f}", milliseconds(info.rto));
  add(out, "backoff", info.backoff);
  if (info.rtt > Duration::zero()) {
    out += fmt::format(" rtt:{:.3f}/{:.3f}", milliseconds(info.rtt), milliseconds(info.rttvar));
  }
  out += fmt::format(" mss:{} pmtu:{} rcvmss:{} advmss:{}", info.snd_mss, info.pmtu, info.rcv_mss, info.advmss);
  const std::uint32_t mss = std::max(info.snd_mss, 1u);
  out += fmt::format(" cwnd:{}", info.snd_cwnd / mss);
  if (info.snd_ssthresh != kNoThreshold) out += fmt::format(" ssthresh:{}", info.snd_ssthresh / mss);
  add(out, "bytes_sent", info.bytes_sent);
  add(out, "bytes_retrans", info.bytes_retrans);
  add(out, "bytes_acked", info.bytes_acked);
  add(out, "bytes_received", info.bytes_received);
  add(out, "segs_out", info.segs_out);
  add(out, "segs_in", info.segs_in);
  add(out, "data_segs_out", info.data_segs_out);
  add(out, "data_segs_in", info.data_segs_in);
  add(out, "unacked", (info.unacked + mss - 1) / mss);
  if (info.total_retrans > 0) out += fmt::format(" retrans:{}/{}", info.retransmits, info.total_retrans);
  add(out, "rto_count", info.rto_count);
  add(out, "fast_recoveries", info.fast_recoveries);
  add(out, "dupacks_in", info.dupacks_in);
  add(out, "dupacks_out", info.dupacks_out);
  add(out, "rcv_ooopack", info.rcv_ooopack);
  add(out, "notsent", info.notsent);
  add(out, "unread", info.unread);
  if (info.min_rtt > Duration::zero()) out += fmt::format(" minrtt:{:.3f}", milliseconds(info.min_rtt));
  out += fmt::format(" snd_wnd:{} rcv_wnd:{}\n", info.snd_wnd, info.rcv_wnd);
  return out;
}

}  // namespace leat::command
