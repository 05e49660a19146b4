#include "minimal_tcp.h"

#include <algorithm>
#include <cstring>

#include "wire/checksum.h"

namespace leat::path_limit {
namespace {

using namespace std::chrono_literals;

constexpr std::uint8_t kStation[ETH_ALEN] = {2, 0, 0, 0, 0, 0x77};
constexpr unsigned kWindowScale = 7;
constexpr std::uint8_t kSyn = 2, kRst = 4, kPsh = 8, kAck = 16;
constexpr auto kAckDelay = 10us;
constexpr auto kPatience = 100ms;

std::uint16_t flags_at(const Frame& f) { return f.data[47]; }

ChecksumAccumulator pseudo_header(const std::uint8_t* frame, std::size_t length) {
  ChecksumAccumulator sum;
  sum.add_pseudo_header(Bytes(frame + ETH_HLEN, sizeof(iphdr)), IPPROTO_TCP, static_cast<std::uint32_t>(length));
  return sum;
}

void set_field(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

}  // namespace

// Receiving.

bool MinimalTcp::receive() {
  const std::span<const Frame> arrived = path_.receive();
  frames_in += arrived.size();
  for (const Frame& frame : arrived) take(frame);
  if (!arrived.empty()) last_arrival_ = Clock::now();
  // The kernel handles an ACK within this system call, in the time of this thread. So there should be few.
  const bool pause = arrived.empty() && Clock::now() - last_arrival_ > kAckDelay;
  for (Flow& flow : flows_) {
    if (flow.open && flow.unacknowledged >= (pause ? 1 : windows_.receive / 16)) acknowledge(flow);
  }
  return !arrived.empty();
}

void MinimalTcp::take(const Frame& frame) {
  Headers h;
  if (frame.size >= ETH_HLEN + 28 && frame.data[12] == 8 && frame.data[13] == 6) return answer_arp(frame);
  if (frame.size < sizeof h) return;
  std::memcpy(&h, frame.data, sizeof h);
  const bool ours = h.ethernet.h_proto == htons(ETH_P_IP) && h.ip.ihl == 5 && h.ip.protocol == IPPROTO_TCP &&
                    h.ip.daddr == address_ && h.tcp.dest == port_;
  if (!ours) return;
  if ((flags_at(frame) & kSyn) != 0) return open(h, frame);
  Flow* flow = find(h);
  if (flow == nullptr) return;
  if ((flags_at(frame) & kRst) != 0) {
    flow->open = false;
    return;
  }
  const std::uint32_t ack = ntohl(h.tcp.ack_seq);
  if (distance(flow->snd_una, ack) > 0) {
    flow->acknowledged += ack - flow->snd_una;
    flow->snd_una = ack;
    if (distance(flow->snd_nxt, ack) > 0) flow->snd_nxt = ack;  // the data that was sent again had arrived
    progress_ = Clock::now();
  }
  flow->snd_wnd = std::uint32_t{ntohs(h.tcp.window)} << flow->window_scale;
  take_segment(*flow, frame);
  while (!flow->early.empty() && distance(flow->early.begin()->first, flow->rcv_nxt) >= 0) {
    const auto next = flow->early.extract(flow->early.begin());
    take_segment(*flow, {next.mapped().data(), next.mapped().size(), frame.checksum_is_good});
  }
}

void MinimalTcp::take_segment(Flow& flow, const Frame& frame) {
  Headers h;
  std::memcpy(&h, frame.data, sizeof h);
  const std::size_t at = ETH_HLEN + sizeof(iphdr) + h.tcp.doff * std::size_t{4};
  const std::size_t end = ETH_HLEN + std::size_t{ntohs(h.ip.tot_len)};
  if (end <= at || end > frame.size) return;
  const std::uint32_t seq = ntohl(h.tcp.seq);
  const std::int32_t early = distance(flow.rcv_nxt, seq);
  if (early == 0) return take_data(flow, frame, at, end - at);
  if (early < 0) return acknowledge(flow);  // a duplicate
  ++overtaken;
  flow.early.try_emplace(seq, frame.data, frame.data + frame.size);
}

/// Copies and verifies in one pass. A segment that never left the machine may have only the sum of its pseudo-header.
void MinimalTcp::take_data(Flow& flow, const Frame& frame, std::size_t at, std::size_t size) {
  const Bytes data(frame.data + at, size);
  const MutableBytes to(sink_.data() + reading_, size);
  if (frame.checksum_is_good) {
    std::memcpy(to.data(), data.data(), size);
  } else {
    const std::size_t header = at - ETH_HLEN - sizeof(iphdr);
    ChecksumAccumulator sum = pseudo_header(frame.data, header + size);
    const std::uint16_t partial = sum.fold();
    sum.add(Bytes(frame.data + ETH_HLEN + sizeof(iphdr), header));
    sum.add_copy(data, to);
    if (!sum.is_valid() && load_be16(frame.data + 50) != partial) {
      ++bad;
      return;
    }
  }
  if (flow.text.size() < kText) flow.text.append(reinterpret_cast<const char*>(to.data()), size);
  reading_ = (reading_ + size) % kBlock;
  flow.rcv_nxt += static_cast<std::uint32_t>(size);
  flow.unacknowledged += static_cast<std::uint32_t>(size);
  flow.received += size;
}

void MinimalTcp::answer_arp(const Frame& frame) {
  if (frame.data[21] != 1 || std::memcmp(frame.data + 38, &address_, 4) != 0) return;
  std::uint8_t* out = path_.room();
  if (out == nullptr) return;
  std::memcpy(out, frame.data, 42);
  std::memcpy(out, frame.data + 6, 6);
  std::memcpy(out + 6, kStation, 6);
  out[21] = 2;
  std::memcpy(out + 22, kStation, 6);
  std::memcpy(out + 28, &address_, 4);
  std::memcpy(out + 32, frame.data + 22, 10);
  path_.queue(42);
  path_.flush();
}

// Connections.

MinimalTcp::Flow* MinimalTcp::find(const Headers& headers) {
  for (Flow& flow : flows_) {
    if (flow.open && flow.peer.tcp.dest == headers.tcp.source) return &flow;
  }
  return nullptr;
}

void MinimalTcp::open(const Headers& syn, const Frame& frame) {
  Flow* flow = find(syn);
  for (Flow& f : flows_) {
    if (flow == nullptr && !f.open) flow = &f;
  }
  if (flow == nullptr) return;
  *flow = {};
  flow->open = true;
  flow->peer = syn.answer(kStation);
  flow->rcv_nxt = ntohl(syn.tcp.seq) + 1;
  for (std::size_t at = kHeaders, end = kHeaders + syn.tcp.doff * std::size_t{4} - 20;
       at + 2 < end && at + 2 < frame.size;) {
    const std::uint8_t kind = frame.data[at];
    if (kind == TCPOPT_EOL) break;
    if (kind == TCPOPT_WINDOW) flow->window_scale = frame.data[at + 2];
    at += kind == TCPOPT_NOP ? 1 : std::max<std::size_t>(frame.data[at + 1], 2);
  }
  const std::uint8_t options[] = {TCPOPT_MAXSEG, 4, kMss >> 8, kMss & 0xff, TCPOPT_NOP, TCPOPT_WINDOW, 3, kWindowScale};
  flow->peer.tcp.doff = 7;
  transmit(*flow, kSyn | kAck, options, sizeof options);
  path_.flush();
  flow->peer.tcp.doff = 5;
  flow->snd_una = flow->snd_nxt = 1;
}

void MinimalTcp::reset(Flow& flow) {
  if (flow.open) transmit(flow, kRst | kAck, nullptr, 0);
  path_.flush();
  flow.open = false;
}

// Sending.

void MinimalTcp::acknowledge(Flow& flow) {
  transmit(flow, kAck, nullptr, 0);
  path_.flush();
  ++acks;
}

void MinimalTcp::send(Flow& flow, const std::string& text) {
  transmit(flow, kPsh | kAck, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  flow.snd_nxt += static_cast<std::uint32_t>(text.size());
  path_.flush();
}

bool MinimalTcp::send_bulk(Flow& flow) {
  if (in_flight_for_too_long(flow)) flow.snd_nxt = flow.snd_una;
  std::size_t sent = 0;
  const std::uint32_t window = std::min(flow.snd_wnd, windows_.send);
  for (; sent < kBurst; ++sent) {
    const std::int64_t room = std::int64_t{window} - distance(flow.snd_una, flow.snd_nxt);
    if (room < static_cast<std::int64_t>(kMss) || path_.room() == nullptr) break;
    const std::size_t n = std::min(path_.most_payload(), static_cast<std::size_t>(room) / kMss * kMss);
    transmit(flow, kAck, source_.data() + writing_, n);
    flow.snd_nxt += static_cast<std::uint32_t>(n);
    writing_ = (writing_ + n) % kBlock;
  }
  path_.flush();
  return sent > 0;
}

bool MinimalTcp::in_flight_for_too_long(const Flow& flow) {
  if (flow.snd_una == flow.snd_nxt || Clock::now() - progress_ < kPatience) return false;
  progress_ = Clock::now();
  ++lost;
  return true;
}

/// Sends a segment at SND.NXT. It is copied and summed in one pass, unless the kernel completes the checksum.
void MinimalTcp::transmit(Flow& flow, std::uint8_t flags, const std::uint8_t* data, std::size_t size) {
  std::uint8_t* out = path_.room();
  if (out == nullptr) return;
  const std::size_t length = sizeof(tcphdr) + size;
  const bool syn = (flags & kSyn) != 0;
  Headers h = flow.peer;
  h.ip.tot_len = htons(static_cast<std::uint16_t>(sizeof(iphdr) + length));
  h.tcp.seq = htonl(flow.snd_nxt);
  h.tcp.ack_seq = htonl(flow.rcv_nxt);
  h.tcp.window = htons(static_cast<std::uint16_t>(std::min(syn ? 65535u : windows_.receive >> kWindowScale, 65535u)));
  std::memcpy(out, &h, sizeof h);
  out[47] = flags;
  std::uint8_t* const ip = out + ETH_HLEN;
  set_field(ip + 10, internet_checksum(Bytes(ip, sizeof(iphdr))));
  ChecksumAccumulator sum = pseudo_header(out, length);
  if (path_.completes_checksums()) {
    if (size > 0) std::memcpy(out + kHeaders, data, size);
    set_field(out + 50, sum.fold());
  } else {
    sum.add(Bytes(out + kHeaders - sizeof(tcphdr), sizeof(tcphdr)));
    sum.add_copy(Bytes(data, size), MutableBytes(out + kHeaders, size));
    set_field(out + 50, sum.finish());
  }
  path_.queue(kHeaders + size);
  flow.unacknowledged = 0;
  ++frames_out;
}

}  // namespace leat::path_limit
