#include "tcp/connection/segment_writer.h"

#include <algorithm>

namespace leat {

void SegmentWriter::write_data(Sender::Plan& plan) {
  if (plan.length > 0) {
    SendBuffer::Gathered got = c_.sender.gather(plan, out_.payload);
    if (got.length < plan.length) {
      // The data lies in too many pieces for one packet. Send the whole segments that fit, or each burst would end in a
      // small one.
      plan.fin = false;
      plan.length = static_cast<std::uint32_t>(got.length);
      if (plan.length > c_.sender.mss()) plan.length -= plan.length % c_.sender.mss();
      got = c_.sender.gather(plan, out_.payload);
    }
    if (got.pushed || c_.settings->push_each_segment) out_.flags |= kTcpPsh;
    out_.slices = static_cast<std::uint8_t>(got.slices);
    out_.length = plan.length;
    if (plan.length > c_.sender.mss()) {
      out_.gso_size = static_cast<std::uint16_t>(c_.sender.mss());
      // The last segment of a super-segment with new data is pushed: the receiver's GRO stops waiting there (Linux:
      // __tcp_transmit_skb). Retransmissions are split along other edges than Linux's, so that they are left alone.
      if (plan.pos >= c_.sender.nxt()) out_.flags |= kTcpPsh;
    }
  }
  out_.seq = c_.send_map.to_wire(plan.pos);
  out_.flags |= kTcpAck;
  if (plan.fin) out_.flags |= kTcpFin;
  write_ack();
  write_urgent(plan.pos);
}

void SegmentWriter::write_ack() {
  c_.last_ack_sent = static_cast<std::uint32_t>(c_.receiver.nxt());
  if (c_.timestamps.agreed()) out_.options.timestamps = c_.timestamps.stamp(now_);
  out_.ack = c_.receive_map.to_wire(c_.receiver.nxt());
  out_.window = c_.receiver.offer_window(true);
}

// Every segment carries the pointer until the urgent data is acknowledged. If the end of the urgent data is further
// ahead than the pointer can reach, the pointer is as large as possible (RFC 9293 §3.8.5).
void SegmentWriter::write_urgent(StreamPos pos) const {
  const StreamPos ahead = c_.sender.urgent_end() - pos;
  if (ahead <= 0 || c_.sender.urgent_end() <= c_.sender.una()) return;
  out_.flags |= kTcpUrg;
  out_.urgent = static_cast<std::uint16_t>(std::min<StreamPos>(ahead, 65535));
}

void SegmentWriter::write_sack() {
  if (!c_.sack_agreed) return;
  const auto add = [&](StreamPos begin, StreamPos end) {
    if (out_.options.sack_count == TcpOptionSet::kMaxSackBlocks) return;
    out_.options.sack[out_.options.sack_count++] = {c_.receive_map.to_wire(begin), c_.receive_map.to_wire(end)};
  };
  // RFC 2883 §4: a duplicate is reported once, in the first block. The blocks after it may contain it.
  if (c_.receiver.has_duplicate()) {
    const Reassembly::Range duplicate = c_.receiver.take_duplicate();
    add(duplicate.begin, duplicate.end);
  }
  // A FIN ahead of RCV.NXT has a sequence number, too. Reporting it saves its retransmission.
  const StreamPos fin = c_.peer_fin.pos(c_.receiver.nxt());
  bool fin_told = fin <= c_.receiver.nxt();
  for (const Reassembly::Range& r : c_.receiver.sack_blocks()) {
    const bool has_fin = r.end == fin;
    add(r.begin, has_fin ? fin + 1 : r.end);
    fin_told |= has_fin;
  }
  if (!fin_told) add(fin, fin + 1);
}

}  // namespace leat
