// Counters with the names that nstat(8) prints, and why packets were dropped, with the names of the
// kernel's enum skb_drop_reason where one fits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leat {

/// The order is that of to_string's table.
enum class Counter : std::uint8_t {
  IpInReceives,
  IpInHdrErrors,
  IpInAddrErrors,
  IpInUnknownProtos,
  IpInDiscards,
  IpInDelivers,
  IpOutRequests,
  IpOutDiscards,
  IpOutNoRoutes,
  IcmpInMsgs,
  IcmpInErrors,
  IcmpInCsumErrors,
  IcmpInEchos,
  IcmpInEchoReps,
  IcmpInDestUnreachs,
  IcmpInTimeExcds,
  IcmpInParmProbs,
  IcmpOutMsgs,
  IcmpOutEchoReps,
  IcmpOutEchos,
  IcmpOutDestUnreachs,
  IcmpOutRateLimitHost,
  TcpActiveOpens,
  TcpPassiveOpens,
  TcpAttemptFails,
  TcpEstabResets,
  TcpInSegs,
  TcpOutSegs,
  TcpRetransSegs,
  TcpInErrs,
  TcpInCsumErrors,
  TcpOutRsts,
  UdpInDatagrams,
  UdpNoPorts,
  UdpInErrors,
  UdpInCsumErrors,
  UdpOutDatagrams,
  TcpExtTCPTimeouts,
  TcpExtTCPFastRetrans,
  TcpExtTCPSlowStartRetrans,
  TcpExtTCPRenoRecovery,
  TcpExtTCPSackRecovery,
  TcpExtTCPSackFailures,
  TcpExtTCPLossFailures,
  TcpExtTCPSACKReorder,
  TcpExtTCPFullUndo,
  TcpExtTCPPartialUndo,
  TcpExtTCPDSACKUndo,
  TcpExtTCPLossUndo,
  TcpExtTCPSpuriousRTOs,
  TcpExtTCPLostRetransmit,
  TcpExtTCPSACKReneging,
  TcpExtTCPDSACKRecv,
  TcpExtTCPLossProbes,
  TcpExtTCPLossProbeRecovery,
  TcpExtTCPReqQFullDrop,
  TcpExtTCPDeferAcceptDrop,
  TcpExtListenOverflows,
  TcpExtListenDrops,
  TcpExtTCPOFOQueue,
  TcpExtTCPOFODrop,
  TcpExtTCPRcvQDrop,
  TcpExtDelayedACKs,
  TcpExtTCPAbortOnTimeout,
  TcpExtTCPAbortOnData,
  TcpExtTCPAbortOnClose,
  TcpExtTCPAbortOnMemory,
  TcpExtTCPKeepAlive,
  TcpExtOutOfWindowIcmps,
  TcpExtTCPChallengeACK,
  TcpExtPAWSActive,
  TcpExtPAWSEstab,
  TcpExtTW,
  TcpExtTCPTimeWaitOverflow,
  TcpExtTCPZeroWindowDrop,
  TcpExtOfoPruned,
  TcpExtTCPWinProbe,
  ArpInRequests,
  ArpInReplies,
  ArpOutRequests,
  ArpOutReplies,
  ArpFailures,
  EthInLlc,
  EthInUnknown,
  kCount,
};
/// "TcpRetransSegs" and so on.
std::string_view to_string(Counter counter);

/// Why a received or outgoing packet went no further.
enum class DropReason : std::uint8_t {
  NOT_SPECIFIED,
  PKT_TOO_SMALL,            ///< shorter than its header says
  OTHERHOST,                ///< a frame for another station
  UNHANDLED_PROTO,          ///< an Ethertype nobody here speaks
  LLC,                      ///< an IEEE 802.3 frame with an LLC header (own name)
  ARP_HDR,                  ///< a malformed ARP packet (own name)
  ARP_UNSOLICITED,          ///< an ARP reply that nobody asked for (own name)
  IP_INHDR,                 ///< a malformed IP header
  IP_CSUM,                  ///< a wrong IP header checksum
  IP_INADDRERRORS,          ///< an address that is not ours
  IP_INVALID_SOURCE,        ///< a source that cannot be one host's
  UNICAST_IN_L2_MULTICAST,  ///< a datagram for one host in a frame to many
  IP_NOPROTO,               ///< no such transport protocol here
  IP_FRAGMENT,              ///< a fragment: not reassembled yet (own name)
  IP_OUTNOROUTES,           ///< no route to the destination
  ICMP_CSUM,                ///< a wrong ICMP checksum
  INVALID_ICMP,             ///< an ICMP error that quotes nothing of ours that is in flight (own name)
  INVALID_PROTO,            ///< an ICMP request that was sent to many
  UNHANDLED_ICMP,           ///< an ICMP message that is not acted on (own name)
  NO_SOCKET,                ///< nobody listens on this port
  TCP_CSUM,                 ///< a wrong TCP checksum
  TCP_HDR,                  ///< a malformed TCP header or options (own name)
  TCP_FLAGS,                ///< a combination of flags that no state accepts
  TCP_OLD_DATA,             ///< a segment wholly before the window
  TCP_OVERWINDOW,           ///< a segment wholly after the window
  TCP_TOO_OLD_ACK,          ///< an acknowledgement far in the past
  TCP_ACK_UNSENT_DATA,      ///< an acknowledgement of what was never sent
  TCP_INVALID_SEQUENCE,     ///< not acceptable by RFC 9293's table
  TCP_INVALID_SYN,          ///< SYN inside a connection
  TCP_RFC7323_PAWS,         ///< a timestamp older than the peer's last one
  TCP_RESET,                ///< a RST that was acted on
  TCP_ZEROWINDOW,           ///< data while our window is closed
  TCP_OFOMERGE,             ///< data that is queued already
  TCP_OFO_QUEUE_PRUNE,      ///< out-of-order data given up for lack of memory
  TCP_ABORT_ON_DATA,        ///< data for a connection that nobody reads any more
  TCP_LISTEN_OVERFLOW,      ///< the accept queue is full
  TCP_REQQ_FULL,            ///< too many half-open connections (own name)
  TCP_TIME_WAIT,            ///< for a connection that is over (own name)
  PROTO_MEM,                ///< a connection's receive queue takes no more
  UDP_CSUM,                 ///< a wrong UDP checksum
  NEIGH_FAILED,             ///< the neighbour does not answer ARP
  NEIGH_QUEUEFULL,          ///< too many packets wait for a neighbour
  QUEUE_FULL,               ///< an output queue of ours is full (own name)
  NOMEM,                    ///< no buffer
  kCount,
};
/// The name as above; the kernel prints them with the prefix SKB_DROP_REASON_.
std::string_view to_string(DropReason reason);

/// All counters of one host. Plain values: take a copy for a snapshot.
struct Counters {
  std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount)> values{};
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};

  constexpr std::uint64_t& operator[](Counter c) { return values[static_cast<std::size_t>(c)]; }
  constexpr std::uint64_t operator[](Counter c) const { return values[static_cast<std::size_t>(c)]; }
  constexpr std::uint64_t& operator[](DropReason r) { return drops[static_cast<std::size_t>(r)]; }
  constexpr std::uint64_t operator[](DropReason r) const { return drops[static_cast<std::size_t>(r)]; }
};

}  // namespace leat
