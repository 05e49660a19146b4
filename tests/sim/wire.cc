#include "wire.h"

#include <algorithm>
#include <cstdio>

#include "wire/print.h"

namespace leat::sim {

WireCounters& WireCounters::operator+=(const WireCounters& o) {
  frames += o.frames, bytes += o.bytes, lost += o.lost, overflowed += o.overflowed;
  duplicated += o.duplicated, reordered += o.reordered, corrupted += o.corrupted;
  return *this;
}

void Trail::record(Instant at, bool to_server, Fate fate, const Packet& frame) {
  Entry& e = ring_[count_++ % ring_.size()];
  e.at = at, e.to_server = to_server, e.fate = fate;
  e.size = static_cast<std::uint32_t>(frame.size());
  e.kept = static_cast<std::uint32_t>(std::min(frame.size(), e.head.size()));
  frame.copy_out(0, std::span(e.head).first(e.kept));
}

std::string Trail::to_string(bool link_layer) const {
  constexpr std::array kFates{"", "  LOST", "  OVERFLOWED", "  DUPLICATED", "  REORDERED", "  CORRUPTED"};
  std::string out;
  for (std::uint64_t i = count_ < ring_.size() ? 0 : count_ - ring_.size(); i < count_; ++i) {
    const Entry& e = ring_[i % ring_.size()];
    const Bytes head = std::span(e.head).first(e.kept);
    char time[64];
    std::snprintf(time, sizeof time, "  %12.6f s %s ", std::chrono::duration<double>(e.at.time_since_epoch()).count(),
                  e.to_server ? "-->" : "<--");
    out += time + (link_layer ? describe_frame(head) : describe_datagram(head)) +
           kFates[static_cast<std::size_t>(e.fate)] + "\n";
  }
  return out;
}

void Wire::send(const Packet& frame, Instant now) {
  using Fate = Trail::Fate;
  ++counters_.frames;
  counters_.bytes += frame.size();
  Instant leaves = now;
  if (plan_.bits_per_s > 0) {
    leaves = std::max(now, free_at_);
    if (leaves - now > plan_.queue) {
      ++counters_.overflowed;
      return trail_.record(now, to_server_, Fate::overflowed, frame);
    }
    leaves += Duration(frame.size() * 8 * 1'000'000'000 / plan_.bits_per_s);
    free_at_ = leaves;
  }
  if (random_.chance(plan_.loss)) {
    ++counters_.lost;
    return trail_.record(now, to_server_, Fate::lost, frame);
  }
  Fate fate = Fate::sent;
  Instant at = leaves + plan_.delay;
  if (plan_.jitter > Duration(0)) at += Duration(random_.below(static_cast<std::uint32_t>(plan_.jitter.count())));
  if (random_.chance(plan_.reorder)) {
    // Held back while later frames pass, up to four times the delay.
    at += plan_.delay * (1 + random_.below(64)) / 16;
    ++counters_.reordered, fate = Fate::reordered;
  } else {
    last_arrival_ = at = std::max(at, last_arrival_);
  }
  const bool damaged = random_.chance(plan_.corrupt) && may_damage(frame);
  if (damaged) ++counters_.corrupted, fate = Fate::corrupted;
  fly(frame, at, damaged);
  if (random_.chance(plan_.duplicate)) {
    fly(frame, at + plan_.delay * random_.below(64) / 32, false);
    ++counters_.duplicated, fate = Fate::duplicated;
  }
  trail_.record(now, to_server_, fate, frame);
}

/// Not what has no checksum to betray it: ARP, whose only guard is Ethernet's own check, and packets whose
/// checksum is left to a device because they never cross a real wire.
bool Wire::may_damage(const Packet& frame) const {
  std::array<std::uint8_t, 2> type{0x08, 0x00};
  if (link_header_ > 0 && !frame.copy_out(12, type)) return false;
  return load_be16(type.data()) == 0x0800 && frame.offload.checksum != ChecksumState::partial;
}

Packet Wire::copy_of(const Packet& frame, bool damaged) {
  Slice slice = cable_.allocate(class_for(frame.size()), 0, frame.size());
  if (!slice) return {};
  frame.copy_out(0, slice.mutable_bytes());
  Packet copy;
  copy.offload = frame.offload;
  if (damaged) {
    // One byte of the datagram: what the Internet checksum promises to see.
    const auto size = static_cast<std::uint32_t>(frame.size());
    const std::uint32_t first = sabotaged_ ? std::min(link_header_ + 60, size - 1) : link_header_;
    const std::uint32_t at = first + random_.below(size - first);
    slice.mutable_bytes()[at] ^= static_cast<std::uint8_t>(1 + random_.below(255));
    if (sabotaged_) copy.offload.checksum = ChecksumState::verified;
  }
  copy.append(std::move(slice));
  return copy;
}

void Wire::fly(const Packet& frame, Instant at, bool damaged) {
  Packet copy = copy_of(frame, damaged);
  if (copy.empty()) return;
  flying_.push_back({at, order_++, std::move(copy)});
  std::push_heap(flying_.begin(), flying_.end(), later);
}

bool Wire::arrive(PacketBatch& batch, Instant now) {
  while (!flying_.empty() && flying_.front().at <= now) {
    if (batch.full()) return true;
    std::pop_heap(flying_.begin(), flying_.end(), later);
    batch.push(std::move(flying_.back().frame));
    flying_.pop_back();
  }
  return false;
}

}  // namespace leat::sim
