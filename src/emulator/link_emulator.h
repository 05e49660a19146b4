// LinkEmulator: one direction of an impaired link. It takes frames and returns the surviving ones at their arrival
// times. It reads no clock, so the same code runs in virtual and in real time.
//
// Frames pass several impairments in order, and each applies to the frames that it matches. A super-segment is split if
// an impairment applies to one of its frames, because a link loses wire frames. Frames that arrive side by side are
// joined again. Each frame that comes out went in, apart from duplicates and flipped bits, which are counted.
// EmulatorOptions::hold_limit bounds the memory. The device wrapper, `leat wire` and the simulation use it.
#pragma once

#include <cstdint>
#include <vector>

#include "emulator/fate.h"
#include "leat/impairment.h"
#include "packet/packet.h"

namespace leat {

struct EmulatorOptions {
  std::size_t link_header = 14;        ///< bytes in front of the IP packet, 14 or 0
  std::size_t max_super_segment = 0;   ///< largest super-segment for the receiver, with the IP header; 0: none
  bool partial_checksums = false;      ///< the receiver accepts partial checksums
  std::uint64_t stream = 0;            ///< number of the direction, so that two directions with one seed differ
  std::size_t hold_limit = 64u << 20;  ///< most bytes of blocks and records in flight; further frames are lost
};

class LinkEmulator {
 public:
  /// The impairments must have passed check() and apply to this direction. Without a seed, an impairment uses 0.
  LinkEmulator(const std::vector<Impairment>& impairments, const EmulatorOptions& options);

  /// Takes all packets and decides their fate; `batch` is empty afterwards. `now` must not decrease. The pool must
  /// outlive the emulator.
  void send(PacketBatch& batch, Instant now, BufferPool& pool);
  /// The time of the next arrival; kNever if no frame is in flight.
  Instant next_arrival() const;
  /// Appends frames that have arrived by `now` to `batch`, up to its room. Returns true if more have arrived.
  bool receive(PacketBatch& batch, Instant now, BufferPool& pool);

  /// True if the receiver accepts the packet unchanged.
  bool is_deliverable(const Packet& packet) const;

  const std::vector<FateMaker>& stages() const { return stages_; }
  std::size_t frames_on_their_way() const { return between_.size() + arriving_.size(); }
  std::size_t bytes_held() const { return held_; }

 private:
  struct Slot {
    Packet frame;
    std::uint32_t train = 0;
    std::uint32_t stage = 0;  ///< the next stage of the frame
  };
  /// All frames of one packet. They share its blocks, which count until the last of the frames is gone.
  struct Train {
    std::uint32_t users = 0;
    std::size_t bytes = 0;
  };
  /// An entry of a heap: the time at which a slot is due.
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
  std::vector<Due> between_;   ///< heap of frames that go to another stage
  std::vector<Due> arriving_;  ///< heap of frames that come out
  std::vector<Slot> slots_;
  std::vector<Train> trains_;
  std::vector<std::uint32_t> free_slots_, free_trains_;
  std::uint64_t order_ = 0;
  std::size_t held_ = 0;
};

}  // namespace leat
