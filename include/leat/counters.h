// Counters with the names that nstat(8) prints, and the reasons why packets were dropped. Drop reasons have the names
// of Linux's enum skb_drop_reason, except those marked "own name".
//
// Threading: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace leat {

/// The table in to_string(Counter) has the same order.
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
  ArpConflicts,
  EthInLlc,
  EthInUnknown,
  kCount,
};
/// The name, such as "TcpRetransSegs".
std::string_view to_string(Counter counter);

/// The reason why a received or outgoing packet was dropped.
enum class DropReason : std::uint8_t {
  NOT_SPECIFIED,
  PKT_TOO_SMALL,            ///< the packet is shorter than its header says
  OTHERHOST,                ///< a frame for another station
  UNHANDLED_PROTO,          ///< no protocol for the EtherType
  LLC,                      ///< an IEEE 802.3 frame with an LLC header (own name)
  ARP_HDR,                  ///< a malformed ARP packet (own name)
  ARP_UNSOLICITED,          ///< an ARP reply without a request (own name)
  IP_INHDR,                 ///< a malformed IP header
  IP_CSUM,                  ///< a wrong IP header checksum
  IP_INADDRERRORS,          ///< the destination is not an address of this host
  IP_INVALID_SOURCE,        ///< the source is not a unicast address
  UNICAST_IN_L2_MULTICAST,  ///< a unicast datagram in a broadcast or multicast frame
  IP_NOPROTO,               ///< the transport protocol is not supported
  IP_FRAGMENT,              ///< a fragment; Leat does not reassemble (own name)
  IP_OUTNOROUTES,           ///< no route to the destination
  ICMP_CSUM,                ///< a wrong ICMP checksum
  INVALID_ICMP,             ///< an ICMP error that quotes no segment in flight (own name)
  INVALID_PROTO,            ///< an ICMP request to a broadcast or multicast address
  UNHANDLED_ICMP,           ///< an ICMP message that calls for no action (own name)
  NO_SOCKET,                ///< no socket for the port
  TCP_CSUM,                 ///< a wrong TCP checksum
  TCP_HDR,                  ///< a malformed TCP header or options (own name)
  TCP_FLAGS,                ///< a combination of flags that no state accepts
  TCP_OLD_DATA,             ///< a segment wholly before the window
  TCP_OVERWINDOW,           ///< a segment wholly after the window
  TCP_TOO_OLD_ACK,          ///< an acknowledgement far in the past
  TCP_ACK_UNSENT_DATA,      ///< an acknowledgement of data that was never sent
  TCP_INVALID_SEQUENCE,     ///< an unacceptable sequence number (RFC 9293 §3.10.7.4)
  TCP_INVALID_SYN,          ///< a SYN inside an established connection
  TCP_RFC7323_PAWS,         ///< a timestamp older than the peer's last one
  TCP_RESET,                ///< a RST that ended the connection
  TCP_ZEROWINDOW,           ///< data while the receive window is closed
  TCP_OFOMERGE,             ///< out-of-order data that is already queued
  TCP_OFO_QUEUE_PRUNE,      ///< out-of-order data dropped to free memory
  TCP_ABORT_ON_DATA,        ///< data for a connection that the application has closed
  TCP_LISTEN_OVERFLOW,      ///< the accept queue is full
  TCP_REQQ_FULL,            ///< too many half-open connections (own name)
  TCP_TIME_WAIT,            ///< a segment for a connection in TIME-WAIT (own name)
  PROTO_MEM,                ///< the receive queue of the connection is full
  UDP_CSUM,                 ///< a wrong UDP checksum
  NEIGH_FAILED,             ///< the neighbour does not answer ARP
  NEIGH_QUEUEFULL,          ///< too many packets wait for a neighbour
  QUEUE_FULL,               ///< an output queue is full (own name)
  NOMEM,                    ///< no free buffer
  kCount,
};
/// The name. Linux prints it with the prefix SKB_DROP_REASON_.
std::string_view to_string(DropReason reason);

/// All counters of one host. A copy is a snapshot.
struct Counters {
  std::array<std::uint64_t, static_cast<std::size_t>(Counter::kCount)> values{};
  std::array<std::uint64_t, static_cast<std::size_t>(DropReason::kCount)> drops{};

  constexpr std::uint64_t& operator[](Counter c) { return values[static_cast<std::size_t>(c)]; }
  constexpr std::uint64_t operator[](Counter c) const { return values[static_cast<std::size_t>(c)]; }
  constexpr std::uint64_t& operator[](DropReason r) { return drops[static_cast<std::size_t>(r)]; }
  constexpr std::uint64_t operator[](DropReason r) const { return drops[static_cast<std::size_t>(r)]; }
};

}  // namespace leat
