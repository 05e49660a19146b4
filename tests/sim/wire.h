// One direction of a faulty path in virtual time: the link emulator, and a trail of its frames.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/link_emulator.h"
#include "plan.h"

namespace leat::sim {

/// The last frames of both directions, as sent and as arrived. They are printed for a failing seed.
class Trail {
 public:
  void record(Instant at, bool to_server, bool arrived, const Packet& frame);
  std::string to_string(bool link_layer) const;

 private:
  struct Entry {
    Instant at;
    std::array<std::uint8_t, 96> head;
    std::uint32_t kept = 0;
    bool to_server = false, arrived = false;
  };
  std::array<Entry, 128> ring_{};
  std::uint64_t count_ = 0;
};

class Wire {
 public:
  /// `cable` holds the frames in flight, and must outlive their receivers. Both ends have the capabilities `caps`.
  Wire(const Impairment& path, const DeviceCaps& caps, BufferPool& cable, Trail& trail, bool to_server);

  /// Takes the frames that are sent at `now`; `batch` is empty afterwards.
  void send(PacketBatch& batch, Instant now);
  /// The time of the next arrival; kNever if no frame is in flight.
  Instant next_arrival() const { return emulator_.next_arrival(); }
  /// Moves frames that have arrived by `now` into `batch`, up to its room. Returns true if more have arrived.
  bool arrive(PacketBatch& batch, Instant now);

  /// Lets damaged frames pass as if a device had verified their checksums. The harness must notice it.
  void sabotage() { sabotaged_ = true; }
  const ImpairmentCounters& counters() const { return emulator_.stages().front().counters(); }

 private:
  LinkEmulator emulator_;
  BufferPool& cable_;
  Trail& trail_;
  bool to_server_, sabotaged_ = false;
};

}  // namespace leat::sim
