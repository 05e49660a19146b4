#include "wire.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "wire/print.h"

namespace leat::sim {
namespace {

EmulatorOptions options_for(const DeviceCaps& caps, bool to_server) {
  EmulatorOptions o;
  o.link_header = caps.has_link_layer ? 14 : 0;
  o.max_super_segment = caps.max_super_segment;
  o.partial_checksums = caps.completes_checksums;
  o.stream = to_server ? 0 : 1;
  return o;
}

/// A copy in the buffers of the cable, so that hosts do not hold buffers of each other.
Packet copy_of(const Packet& packet, BufferPool& cable) {
  Packet copy;
  for (std::size_t from = 0; from < packet.size();) {
    const std::size_t here = std::min<std::size_t>(packet.size() - from, kBufferSizes.back());
    Slice slice = cable.allocate(class_for(here), 0, here);
    if (!slice) return {};
    packet.copy_out(from, slice.mutable_bytes());
    copy.append(std::move(slice));
    from += here;
  }
  copy.offload = packet.offload;
  return copy;
}

}  // namespace

void Trail::record(Instant at, bool to_server, bool arrived, const Packet& frame) {
  Entry& e = ring_[count_++ % ring_.size()];
  e.at = at, e.to_server = to_server, e.arrived = arrived;
  e.kept = static_cast<std::uint32_t>(std::min(frame.size(), e.head.size()));
  frame.copy_out(0, std::span(e.head).first(e.kept));
}

std::string Trail::to_string(bool link_layer) const {
  std::string out;
  for (std::uint64_t i = count_ < ring_.size() ? 0 : count_ - ring_.size(); i < count_; ++i) {
    const Entry& e = ring_[i % ring_.size()];
    const Bytes head = std::span(e.head).first(e.kept);
    char time[64];
    std::snprintf(time, sizeof time, "  %12.6f s %s ", std::chrono::duration<double>(e.at.time_since_epoch()).count(),
                  e.to_server ? (e.arrived ? "   -->|" : "|-->   ") : (e.arrived ? "|<--   " : "   <--|"));
    out += time + (link_layer ? describe_frame(head) : describe_datagram(head)) + "\n";
  }
  return out;
}

Wire::Wire(const Impairment& path, const DeviceCaps& caps, BufferPool& cable, Trail& trail, bool to_server)
    : emulator_({path}, options_for(caps, to_server)), cable_(cable), trail_(trail), to_server_(to_server) {}

void Wire::send(PacketBatch& batch, Instant now) {
  for (Packet& packet : batch) {
    trail_.record(now, to_server_, false, packet);
    packet = copy_of(packet, cable_);
  }
  emulator_.send(batch, now, cable_);
}

bool Wire::arrive(PacketBatch& batch, Instant now) {
  const bool more = emulator_.receive(batch, now, cable_);
  for (Packet& packet : batch) {
    trail_.record(now, to_server_, true, packet);
    if (sabotaged_ && packet.offload.checksum == ChecksumState::unchecked) {
      packet.offload.checksum = ChecksumState::verified;
    }
  }
  return more;
}

}  // namespace leat::sim
