#include "device/capture_text.h"

namespace leat {
namespace {

/// The reason in words. The compiler reports a missing one.
constexpr std::string_view explain(DropReason reason) {
  switch (reason) {
    case DropReason::NOT_SPECIFIED: return "no reason is known";
    case DropReason::PKT_TOO_SMALL: return "shorter than its header says";
    case DropReason::OTHERHOST: return "for another station";
    case DropReason::UNHANDLED_PROTO: return "an Ethertype that nobody here speaks";
    case DropReason::LLC: return "an IEEE 802.3 frame with an LLC header (RFC 1122 §2.3.3)";
    case DropReason::ARP_HDR: return "a malformed ARP packet (RFC 826)";
    case DropReason::ARP_UNSOLICITED: return "ARP that nobody asked for";
    case DropReason::IP_INHDR: return "a malformed IP header (RFC 1122 §3.2.1)";
    case DropReason::IP_CSUM: return "a wrong IP header checksum (RFC 1122 §3.2.1.2)";
    case DropReason::IP_INADDRERRORS: return "an address that is not ours (RFC 1122 §3.2.1.3)";
    case DropReason::IP_INVALID_SOURCE: return "a source that cannot be one host's (RFC 1122 §3.2.1.3)";
    case DropReason::UNICAST_IN_L2_MULTICAST: return "a datagram for one host in a frame to many (RFC 1122 §3.3.6)";
    case DropReason::INVALID_PROTO: return "an ICMP request that was sent to many (RFC 1122 §3.2.2.6)";
    case DropReason::IP_NOPROTO: return "no such transport protocol here (RFC 1122 §3.2.2.1)";
    case DropReason::IP_FRAGMENT: return "a fragment, which is not reassembled here yet (RFC 791 §3.2)";
    case DropReason::IP_OUTNOROUTES: return "no route to the destination (RFC 1122 §3.3.1)";
    case DropReason::ICMP_CSUM: return "a wrong ICMP checksum (RFC 792)";
    case DropReason::UNHANDLED_ICMP: return "an ICMP message that is not acted on (RFC 1122 §3.2.2)";
    case DropReason::INVALID_ICMP: return "an ICMP error about nothing that is in flight (RFC 5927 §4.1)";
    case DropReason::NO_SOCKET: return "nobody listens on this port (RFC 9293 §3.10.7.1)";
    case DropReason::TCP_CSUM: return "a wrong TCP checksum (RFC 9293 §3.1)";
    case DropReason::TCP_HDR: return "a malformed TCP header or options (RFC 9293 §3.1)";
    case DropReason::TCP_FLAGS: return "a combination of flags that the state does not accept (RFC 9293 §3.10.7)";
    case DropReason::TCP_OLD_DATA: return "a segment wholly before the window (RFC 9293 §3.10.7.4)";
    case DropReason::TCP_OVERWINDOW: return "a segment wholly after the window (RFC 9293 §3.10.7.4)";
    case DropReason::TCP_TOO_OLD_ACK: return "an acknowledgement far in the past (RFC 5961 §5.2)";
    case DropReason::TCP_ACK_UNSENT_DATA: return "an acknowledgement of what was never sent (RFC 9293 §3.10.7.4)";
    case DropReason::TCP_INVALID_SEQUENCE: return "a number that fits nothing here (RFC 9293 §3.10.7.3, RFC 5961 §3.2)";
    case DropReason::TCP_RFC7323_PAWS: return "a timestamp older than the last one (RFC 7323 §5.3)";
    case DropReason::TCP_INVALID_SYN: return "a SYN inside a connection (RFC 5961 §4.2)";
    case DropReason::TCP_RESET: return "a RST that was acted on (RFC 9293 §3.5.3)";
    case DropReason::TCP_ZEROWINDOW: return "data while our window is closed (RFC 9293 §3.10.7.4)";
    case DropReason::TCP_OFOMERGE: return "data that is queued already (RFC 9293 §3.10.7.4)";
    case DropReason::TCP_OFO_QUEUE_PRUNE: return "out-of-order data given up for lack of memory (RFC 2018 §8)";
    case DropReason::TCP_ABORT_ON_DATA: return "data for a connection that nobody reads any more (RFC 9293 §3.6.1)";
    case DropReason::TCP_LISTEN_OVERFLOW: return "the accept queue is full";
    case DropReason::TCP_REQQ_FULL: return "too many connections are half-open (RFC 4987 §3)";
    case DropReason::TCP_TIME_WAIT: return "for a connection that is over (RFC 9293 §3.10.7.4, RFC 1337)";
    case DropReason::PROTO_MEM: return "the receive queue takes no more";
    case DropReason::UDP_CSUM: return "a wrong UDP checksum (RFC 768)";
    case DropReason::NEIGH_FAILED: return "the neighbour does not answer ARP (RFC 1122 §2.3.2.2)";
    case DropReason::NEIGH_QUEUEFULL: return "too many packets wait for a neighbour (RFC 1122 §2.3.2.2)";
    case DropReason::QUEUE_FULL: return "an output queue of ours is full";
    case DropReason::NOMEM: return "no buffer";
    case DropReason::kCount: break;
  }
  return "";
}

/// " 2 of 15", or " 2" where there is no limit.
std::string count_of(const PacketNote& note) {
  std::string text = " " + std::to_string(note.number);
  if (note.limit > 0) text += " of " + std::to_string(note.limit);
  return text;
}

}  // namespace

std::string describe_drop(DropReason reason) {
  return "dropped: " + std::string(to_string(reason)) + ": " + std::string(explain(reason));
}

std::string describe_note(const PacketNote& note) {
  switch (note.kind) {
    case NoteKind::none:
    case NoteKind::kCount: break;
    case NoteKind::syn_time_out:
      if (note.number == 0) return "retransmission: the peer sent its SYN again (RFC 9293 §3.10.7.4)";
      return "retransmission: time-out" + count_of(note) + " (RFC 6298 §5.4)";
    case NoteKind::time_out: return "retransmission: time-out" + count_of(note) + " (RFC 6298 §5.4)";
    case NoteKind::after_time_out: return "retransmission: slow start after a time-out (RFC 5681 §3.1)";
    case NoteKind::smaller_path: return "retransmission: in smaller segments, for a smaller path (RFC 1191 §6.5)";
    case NoteKind::fast_retransmit: return "fast retransmit: three duplicate ACKs (RFC 5681 §3.2)";
    case NoteKind::partial_ack: return "fast retransmit: a partial ACK (RFC 6582 §3.2)";
    case NoteKind::overtaken: return "fast retransmit: data sent later has arrived (RFC 8985 §6.2)";
    case NoteKind::lost_again: return "fast retransmit: the last retransmission was lost, too (RFC 8985 §6.2)";
    case NoteKind::tail_probe: return "tail loss probe: two round trips without an answer (RFC 8985 §7)";
    case NoteKind::tail_again:
      return "retransmission: tail loss probe, two round trips without an answer (RFC 8985 §7)";
    case NoteKind::reneged: return "retransmission: sacked once, but no longer (RFC 2018 §8)";
    case NoteKind::window_probe: return "zero-window probe" + count_of(note) + " (RFC 9293 §3.8.6.1)";
    case NoteKind::window_override: return "a small segment that has waited long enough (RFC 9293 §3.8.6.2.1)";
    case NoteKind::keep_alive: return "keep-alive probe" + count_of(note) + " (RFC 9293 §3.8.4)";
    case NoteKind::challenge_reset:
      return "challenge ACK: for a RST not at the left edge of the window (RFC 5961 §3.2)";
    case NoteKind::challenge_syn: return "challenge ACK: for a SYN inside the connection (RFC 5961 §4.2)";
    case NoteKind::challenge_ack: return "challenge ACK: for an acknowledgement out of range (RFC 5961 §5.2)";
    case NoteKind::old_timestamp: return "ACK for a segment with an old timestamp (RFC 7323 §5.3)";
    case NoteKind::unacceptable: return "ACK for a segment outside the window (RFC 9293 §3.10.7.4)";
  }
  return {};
}

}  // namespace leat
