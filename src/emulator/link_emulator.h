// LinkEmulator: one direction of an impaired link. Frames go in, and those that survive come out when their time has
// come. No clock: the same code runs in virtual and in real time.
//
// Several impairments are passed one after the other, each concerning the frames that it matches. Super-segments of
// which a frame is concerned are split, since a link loses wire frames; what then arrives side by side is joined
// again. Nothing is invented: what comes out went in, or is a double or has one bit flipped, as counted. Memory is
// bounded by EmulatorOptions::hold_limit. Used by the device wrapper, `leat wire` and the simulation.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/fate.h"
#include "leat/impairment.h"
#include "packet/packet.h"

namespace leat {

struct EmulatorOptions {
  std::size_t link_header = 14;        ///< bytes in front of the IP packet: 14 or 0
  std::size_t max_super_segment = 0;   ///< what the receiver takes, IP header included; 0: none
  bool partial_checksums = false;      ///< the receiver takes checksums that are not filled in
  std::uint64_t stream = 0;            ///< tells directions that share a seed apart
  std::size_t hold_limit = 64u << 20;  ///< bytes of blocks and records on their way; frames beyond are lost
};

class LinkEmulator {
 public:
  /// The impairments were checked and concern this direction; those without a seed take 0.
  LinkEmulator(const std::vector<Impairment>& impairments, const EmulatorOptions& options);

  /// Decides the fate of all packets; `batch` is empty afterwards. `now` never goes back. The pool outlives the
  /// emulator.
  void send(PacketBatch& batch, Instant now, BufferPool& pool);
  /// When receive() has something; kNever when nothing is on its way.
  Instant next_arrival() const;
  /// Adds what has arrived by `now` to `batch`, up to its room. True when there is more.
  bool receive(PacketBatch& batch, Instant now, BufferPool& pool);

  /// Whether the receiver takes the packet as it is.
  bool is_deliverable(const Packet& packet) const;

  const std::vector<FateMaker>& stages() const { return stages_; }
  std::size_t frames_on_their_way() const { return between_.size() + arriving_.size(); }
  std::size_t bytes_held() const { return held_; }

 private:
  struct Slot {
    Packet frame;
    std::uint32_t train = 0;
    std::uint32_t stage = 0;  ///< that it goes to next
  };
  /// All frames that came from one packet: they share its blocks, which count until the last of them is gone.
  struct Train {
    std::uint32_t users = 0;
    std::size_t bytes = 0;
  };
  /// A place in time of a slot, in a heap.
  struct Due {
    Instant at;
    std::uint64_t order;
    std::uint32_t slot;
  };
  static bool is_later(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }

  void send_one(Packet packet, Instant now, BufferPool& pool);
  bool concerns(const Packet& packet) const;
  void pass(Packet frame, std::size_t stage, std::uint32_t train, Instant now, BufferPool& pool);
  void hold(Packet frame, std::size_t stage, std::uint32_t train, Instant at);
  void advance(Instant now, BufferPool& pool);
  Slot take(std::vector<Due>& heap);
  bool flip_bit(Packet& frame, std::uint64_t choice, BufferPool& pool) const;
  std::uint32_t begin_train(std::size_t bytes);
  void charge(std::uint32_t train, std::size_t bytes);
  void leave(std::uint32_t train);

  EmulatorOptions options_;
  std::vector<FateMaker> stages_;
  std::vector<Due> between_;   ///< a heap of frames that go to another stage
  std::vector<Due> arriving_;  ///< a heap of frames that come out
  std::vector<Slot> slots_;
  std::vector<Train> trains_;
  std::vector<std::uint32_t> free_slots_, free_trains_;
  std::uint64_t order_ = 0;
  std::size_t held_ = 0;
};

}  // namespace leat
