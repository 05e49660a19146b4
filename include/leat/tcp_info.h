// What is known of one connection: the facts of Linux's struct tcp_info, with units in the types.
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
/// "ESTAB", "FIN-WAIT-1" … as ss(8) prints them.
std::string_view to_string(TcpState state);

/// What the sender makes of losses, as Linux's tcpi_ca_state.
enum class CongestionState : std::uint8_t {
  open = 0,      ///< nothing wrong
  disorder = 1,  ///< duplicate ACKs, too few for a loss
  recovery = 3,  ///< fast recovery (2, a reduced window alone, needs ECN)
  loss = 4,      ///< after a time-out, until all that was sent before is acknowledged
};

/// What a connection has counted since it was made.
struct TcpCounts {
  std::uint64_t bytes_acked = 0, bytes_sent = 0, bytes_retrans = 0, bytes_received = 0;
  /// Segments on the wire, modulo 2^32 (as Linux).
  std::uint64_t segs_out = 0, segs_in = 0, data_segs_out = 0, data_segs_in = 0;
  std::uint64_t rcv_ooopack = 0;    ///< segments received out of order
  std::uint32_t total_retrans = 0;  ///< segments retransmitted, SYNs included
  std::uint32_t rto_count = 0;      ///< retransmission time-outs in all
  std::uint32_t fast_recoveries = 0;
  std::uint32_t dupacks_in = 0, dupacks_out = 0;
  std::uint32_t dsack_dups = 0;  ///< segments that the peer says it has received twice (RFC 2883)
  std::uint32_t reord_seen = 0;  ///< times that reordering was found
  Duration handshake{};          ///< SYN to established; zero before that
};

/// What waits in the queues of a connection, in bytes, as Linux's ioctls say it.
struct QueuedBytes {
  std::size_t readable = 0;  ///< FIONREAD: ends before the urgent byte, unless oob_inline
  std::size_t unacked = 0;   ///< SIOCOUTQ: written and not acknowledged; a FIN counts for one
  std::size_t unsent = 0;    ///< SIOCOUTQNSD: of these, not sent yet
};

/// Only what is known; what Linux has beyond it Leat does not measure.
struct TcpInfo : TcpCounts {
  TcpState state = TcpState::closed;
  CongestionState ca_state = CongestionState::open;
  std::string_view congestion_control;  ///< name of the controller; static storage
  std::uint8_t snd_wscale = 0, rcv_wscale = 0;
  bool window_scaling = false, sack = false, timestamps = false;  ///< agreed in the handshake
  std::uint32_t snd_mss = 0, rcv_mss = 0, advmss = 0;             ///< bytes
  std::uint32_t pmtu = 0;                                         ///< bytes

  Duration rto{}, rtt{}, rttvar{}, min_rtt{};  ///< zero rtt: no sample yet
  std::uint32_t snd_cwnd = 0;                  ///< bytes (Linux: segments)
  std::uint32_t snd_ssthresh = 0;              ///< bytes; 0xffffffff: no loss yet
  std::uint32_t snd_wnd = 0, rcv_wnd = 0;      ///< bytes, scaled
  std::uint32_t rcv_ssthresh = 0;              ///< bytes: the largest window that is offered at present
  std::uint32_t rcv_space = 0;                 ///< bytes that the reader took in the best round trip so far
  Duration rcv_rtt{};                          ///< the round trip as the receiver measures it; zero: not yet
  /// What the buffers may take now, bytes as Linux counts them (SO_SNDBUF, SO_RCVBUF).
  std::uint32_t snd_buffer = 0, rcv_buffer = 0;
  std::optional<std::uint64_t> pacing_rate{};  ///< bytes a second; nothing: not paced
  std::uint32_t reordering = 0;                ///< segments: how far out of order the path is known to deliver
  std::uint32_t unacked = 0;                   ///< bytes in flight
  std::uint32_t sacked = 0;                    ///< bytes of these that the peer has out of order
  std::uint32_t lost = 0;                      ///< bytes of these thought lost, sent again or not
  std::uint32_t resent = 0;                    ///< bytes of these sent again and still under way
  std::uint32_t notsent = 0;                   ///< bytes written, not sent yet
  std::uint32_t unread = 0;                    ///< bytes received in order, not read yet
  std::uint32_t urgent = 0;                    ///< bytes to the end of urgent data; 0: none (RFC 9293 §3.8.5)

  std::uint32_t retransmits = 0;  ///< time-outs in a row now
  std::uint32_t backoff = 0;
  std::uint32_t probes = 0;  ///< unanswered window or keep-alive probes

  Duration ato{};          ///< how long an acknowledgement may be delayed
  bool quick_ack = false;  ///< it is not: the connection does not look interactive (Linux: not in ping-pong mode)
  /// When data, SYN or FIN was last sent, data received, and an acknowledgement received; nothing: never.
  std::optional<Instant> last_data_sent{}, last_data_recv{}, last_ack_recv{};
};

}  // namespace leat
