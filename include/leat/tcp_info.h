// TcpInfo: the state and the counts of one connection, as Linux's struct tcp_info has them. Times are Durations, sizes
// are bytes unless a comment says segments.
//
// Threading: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "leat/time.h"

namespace leat {

/// The states of RFC 9293 §3.3.2.
enum class TcpState : std::uint8_t {
  closed,
  listen,
  syn_sent,
  syn_received,
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
/// The name that ss(8) prints, such as "ESTAB" or "FIN-WAIT-1".
std::string_view to_string(TcpState state);

/// The sender's view of losses (Linux: tcpi_ca_state).
enum class CongestionState : std::uint8_t {
  open = 0,      ///< no sign of loss
  disorder = 1,  ///< duplicate ACKs or SACKs, too few to be a loss
  recovery = 3,  ///< fast recovery (2, TCP_CA_CWR, needs ECN)
  loss = 4,      ///< after a time-out, until all data sent before it is acknowledged
};

/// Counts of a connection since it was made.
struct TcpCounts {
  std::uint64_t bytes_acked = 0, bytes_sent = 0, bytes_retrans = 0, bytes_received = 0;
  /// Segments on the wire, modulo 2^32 as in Linux.
  std::uint64_t segs_out = 0, segs_in = 0, data_segs_out = 0, data_segs_in = 0;
  std::uint64_t rcv_ooopack = 0;    ///< segments received out of order
  std::uint32_t total_retrans = 0;  ///< segments retransmitted, SYNs included
  std::uint32_t rto_count = 0;      ///< retransmission time-outs
  std::uint32_t fast_recoveries = 0;
  std::uint32_t dupacks_in = 0, dupacks_out = 0;
  std::uint32_t dsack_dups = 0;  ///< segments that the peer reported as received twice (RFC 2883)
  std::uint32_t reord_seen = 0;  ///< how often reordering was detected
  Duration handshake{};          ///< time from the SYN to ESTABLISHED; zero before
};

/// Bytes in the queues of a connection, as Linux's ioctls return them.
struct QueuedBytes {
  std::size_t readable = 0;  ///< FIONREAD: up to the urgent byte, unless oob_inline is set
  std::size_t unacked = 0;   ///< SIOCOUTQ: written and not acknowledged; a FIN counts as one byte
  std::size_t unsent = 0;    ///< SIOCOUTQNSD: written and not sent
};

/// Fields of Linux that are missing here are not measured by Leat.
struct TcpInfo : TcpCounts {
  TcpState state = TcpState::closed;
  CongestionState ca_state = CongestionState::open;
  std::string_view congestion_control;  ///< name of the controller, in static storage
  std::uint8_t snd_wscale = 0, rcv_wscale = 0;
  bool window_scaling = false, sack = false, timestamps = false;  ///< negotiated in the handshake
  std::uint32_t snd_mss = 0, rcv_mss = 0, advmss = 0;             ///< bytes
  std::uint32_t pmtu = 0;                                         ///< bytes

  Duration rto{}, rtt{}, rttvar{}, min_rtt{};  ///< an rtt of zero: no sample yet
  std::uint32_t snd_cwnd = 0;                  ///< bytes (Linux: segments)
  std::uint32_t snd_ssthresh = 0;              ///< bytes; 0xffffffff: no loss yet
  std::uint32_t snd_wnd = 0, rcv_wnd = 0;      ///< bytes, scaled
  std::uint32_t rcv_ssthresh = 0;              ///< bytes: the largest window that is advertised now
  std::uint32_t rcv_space = 0;                 ///< bytes that the application read in its best round trip
  Duration rcv_rtt{};                          ///< round trip measured by the receiver; zero: no sample yet
  /// Present limits of the buffers in bytes, counted as Linux counts SO_SNDBUF and SO_RCVBUF.
  std::uint32_t snd_buffer = 0, rcv_buffer = 0;
  std::optional<std::uint64_t> pacing_rate{};  ///< bytes per second; nothing: not paced
  std::uint32_t reordering = 0;                ///< segments: reordering degree of the path
  std::uint32_t unacked = 0;                   ///< bytes in flight
  std::uint32_t sacked = 0;                    ///< bytes in flight that the peer has reported by SACK
  std::uint32_t lost = 0;                      ///< bytes in flight that are deemed lost, retransmitted or not
  std::uint32_t resent = 0;                    ///< bytes in flight that were retransmitted
  std::uint32_t notsent = 0;                   ///< bytes written and not sent
  std::uint32_t unread = 0;                    ///< bytes received in order and not read
  std::uint32_t urgent = 0;                    ///< bytes up to the end of urgent data, 0 without (RFC 9293 §3.8.5)

  std::uint32_t retransmits = 0;  ///< consecutive time-outs so far
  std::uint32_t backoff = 0;      ///< doublings of the RTO so far
  std::uint32_t probes = 0;       ///< unanswered window probes or keep-alive probes

  Duration ato{};          ///< longest delay of an acknowledgement
  bool quick_ack = false;  ///< ACKs are sent at once (Linux: not in ping-pong mode)
  /// The times when data, a SYN or a FIN was last sent, data was last received, and an ACK was last received. Nothing:
  /// never.
  std::optional<Instant> last_data_sent{}, last_data_recv{}, last_ack_recv{};
};

}  // namespace leat
