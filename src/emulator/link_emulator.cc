#include "emulator/link_emulator.h"

#include <algorithm>

#include "emulator/frame_matcher.h"
#include "packet/coalesce.h"
#include "packet/segment_split.h"
#include "packet/transport_checksum.h"
#include "wire/ethernet.h"

namespace leat {
namespace {

std::size_t blocks_of(const Packet& packet) {
  std::size_t bytes = 0;
  for (const Slice& s : packet.slices()) bytes += s.weight();
  return bytes;
}

/// A copy in new blocks. Empty if the pool refuses.
Packet copy_of(const Packet& packet, BufferPool& pool) {
  Packet copy;
  for (std::size_t from = 0; from < packet.size();) {
    const std::size_t here = std::min<std::size_t>(packet.size() - from, kBufferSizes.back());
    Slice slice = pool.allocate(class_for(here), 0, here);
    if (!slice || !copy.has_room()) return {};
    packet.copy_out(from, slice.mutable_bytes());
    copy.append(std::move(slice));
    from += here;
  }
  copy.offload = packet.offload;
  copy.note = packet.note;
  return copy;
}

}  // namespace

LinkEmulator::LinkEmulator(const std::vector<Impairment>& impairments, const EmulatorOptions& options)
    : options_(options) {
  std::uint64_t number = 0;
  for (const Impairment& i : impairments) {
    stages_.emplace_back(i, SipKey{i.seed.value_or(0), options.stream << 32 | number++});
  }
}

void LinkEmulator::send(PacketBatch& batch, Instant now, BufferPool& pool) {
  advance(now, pool);
  for (Packet& packet : batch) send_one(std::move(packet), now, pool);
  batch.clear();
}

void LinkEmulator::send_one(Packet packet, Instant now, BufferPool& pool) {
  const std::uint32_t train = begin_train(blocks_of(packet));
  if (!concerns(packet) && is_deliverable(packet)) {
    hold(std::move(packet), stages_.size(), train, now);
    return leave(train);
  }
  const bool joins = options_.partial_checksums && options_.max_super_segment > 0;
  const bool splits = packet.offload.gso_size > 0;
  SegmentSplitter splitter;
  const bool started = splitter.start(std::move(packet), {options_.link_header, joins}, pool);
  if (started) {
    Packet frame;
    while (splitter.next(frame, pool) == SplitResult::segment) {
      // The headers are in another block than the payload.
      charge(train, sizeof(Slot) + sizeof(Due) + (splits ? frame.slices()[0].capacity() : 0));
      pass(std::move(frame), 0, train, now, pool);
      advance(now, pool);
    }
  }
  if ((!started || !splitter.is_done()) && !stages_.empty()) stages_.front().count_refused();
  leave(train);
}

bool LinkEmulator::concerns(const Packet& packet) const {
  return std::any_of(stages_.begin(), stages_.end(), [&](const FateMaker& stage) {
    return is_match(stage.impairment().match, packet, options_.link_header);
  });
}

bool LinkEmulator::is_deliverable(const Packet& packet) const {
  const bool partial = packet.offload.checksum == ChecksumState::partial;
  if (partial && !options_.partial_checksums) return false;
  if (packet.offload.gso_size == 0) return true;
  return partial && packet.size() <= options_.link_header + options_.max_super_segment;
}

/// Passes a frame through the impairments, beginning with `stage`, up to the first that delays it.
void LinkEmulator::pass(Packet frame, std::size_t stage, std::uint32_t train, Instant now, BufferPool& pool) {
  for (; stage < stages_.size(); ++stage) {
    FateMaker& fate_maker = stages_[stage];
    if (!is_match(fate_maker.impairment().match, frame, options_.link_header)) continue;
    const Fate fate = fate_maker.decide(frame.size(), now);
    if (fate.kind != Fate::Kind::arrives) return;
    Packet twin;
    if (fate.is_doubled) {
      twin = copy_of(frame, pool);
      if (twin.empty()) fate_maker.count_refused();
    }
    if (fate.flipped_bit && flip_bit(frame, *fate.flipped_bit, pool)) {
      fate_maker.count_corrupted();
      charge(train, blocks_of(frame));
    }
    if (fate.at == now && twin.empty()) continue;
    hold(std::move(frame), stage + 1, train, fate.at);
    if (!twin.empty()) {
      charge(train, blocks_of(twin) + sizeof(Slot) + sizeof(Due));
      hold(std::move(twin), stage + 1, train, fate.at);
    }
    return;
  }
  hold(std::move(frame), stages_.size(), train, now);
}

/// Flips a bit in a copy of the frame, because other packets may share its bytes. Returns false if the frame has no IP
/// packet, or the pool refuses.
bool LinkEmulator::flip_bit(Packet& frame, std::uint64_t choice, BufferPool& pool) const {
  const std::size_t link = options_.link_header;
  if (frame.size() <= link) return false;
  if (link > 0) {
    std::array<std::uint8_t, 2> raw{};
    frame.copy_out(link - 2, raw);
    const auto type = static_cast<EtherType>(load_be16(raw.data()));
    if (type != EtherType::ipv4 && type != EtherType::ipv6) return false;
  }
  Packet copy = copy_of(frame, pool);
  // The checksum is filled in before the damage, as a device does before the wire.
  if (copy.empty() || !finish_checksum(copy)) return false;
  copy.offload = {};
  std::size_t at = link + (choice >> 3) % (copy.size() - link);
  for (Slice& s : copy.slices()) {
    if (at < s.size()) {
      s.mutable_bytes()[at] ^= static_cast<std::uint8_t>(1u << (choice & 7));
      break;
    }
    at -= s.size();
  }
  frame = std::move(copy);
  return true;
}

void LinkEmulator::hold(Packet frame, std::size_t stage, std::uint32_t train, Instant at) {
  if (held_ > options_.hold_limit) {
    if (!stages_.empty()) stages_[stage == 0 ? 0 : stage - 1].count_refused();
    return;
  }
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  slots_[index].frame = std::move(frame);
  slots_[index].train = train;
  slots_[index].stage = static_cast<std::uint32_t>(stage);
  ++trains_[train].users;
  std::vector<Due>& heap = stage == stages_.size() ? arriving_ : between_;
  heap.push_back({at, order_++, index});
  std::push_heap(heap.begin(), heap.end(), is_later);
}

/// Removes the earliest frame from its slot. Its train stays charged.
LinkEmulator::Slot LinkEmulator::take(std::vector<Due>& heap) {
  std::pop_heap(heap.begin(), heap.end(), is_later);
  const std::uint32_t index = heap.back().slot;
  heap.pop_back();
  free_slots_.push_back(index);
  return std::move(slots_[index]);
}

/// Passes the frames that are due through their next stages, each at its own time.
void LinkEmulator::advance(Instant now, BufferPool& pool) {
  while (!between_.empty() && between_.front().at <= now) {
    const Instant at = between_.front().at;
    Slot slot = take(between_);
    pass(std::move(slot.frame), slot.stage, slot.train, at, pool);
    leave(slot.train);
  }
}

Instant LinkEmulator::next_arrival() const {
  const Instant between = between_.empty() ? kNever : between_.front().at;
  return arriving_.empty() ? between : std::min(between, arriving_.front().at);
}

bool LinkEmulator::receive(PacketBatch& batch, Instant now, BufferPool& pool) {
  advance(now, pool);
  const std::size_t first = batch.size();
  const JoinOptions join{options_.link_header, options_.partial_checksums ? options_.max_super_segment : 0};
  while (!arriving_.empty() && arriving_.front().at <= now) {
    if (batch.full()) return true;
    Slot slot = take(arriving_);
    leave(slot.train);
    const bool joined = batch.size() > first && join_segments(batch.packets().back(), slot.frame, join);
    if (!joined) batch.push(std::move(slot.frame));
  }
  return false;
}

std::uint32_t LinkEmulator::begin_train(std::size_t bytes) {
  if (free_trains_.empty()) {
    free_trains_.push_back(static_cast<std::uint32_t>(trains_.size()));
    trains_.emplace_back();
  }
  const std::uint32_t train = free_trains_.back();
  free_trains_.pop_back();
  trains_[train] = {1, 0};
  charge(train, bytes);
  return train;
}

void LinkEmulator::charge(std::uint32_t train, std::size_t bytes) {
  trains_[train].bytes += bytes;
  held_ += bytes;
}

void LinkEmulator::leave(std::uint32_t train) {
  if (--trains_[train].users > 0) return;
  held_ -= trains_[train].bytes;
  free_trains_.push_back(train);
}

}  // namespace leat
