// One direction of a faulty path in virtual time: the link emulator, and a trail of what passed it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "emulator/link_emulator.h"
#include "plan.h"

namespace leat::sim {

/// The last frames of both directions, for a failing seed: as they were sent and as they arrived.
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
  /// `cable` gives the buffers of frames on their way; it outlives what receives them. Both ends have these `caps`.
  Wire(const Impairment& path, const DeviceCaps& caps, BufferPool& cable, Trail& trail, bool to_server);

  /// Decides the fate of what is sent at `now`; `batch` is empty then.
  void send(PacketBatch& batch, Instant now);
  /// When the next frame arrives; kNever when none is on its way.
  Instant next_arrival() const { return emulator_.next_arrival(); }
  /// Moves frames that have arrived by `now` into `batch`, up to its room. True when there are more.
  bool arrive(PacketBatch& batch, Instant now);

  /// Lets damaged frames pass as if a device had verified their checksums: the harness must notice.
  void sabotage() { sabotaged_ = true; }
  const ImpairmentCounters& counters() const { return emulator_.stages().front().counters(); }

 private:
  LinkEmulator emulator_;
  BufferPool& cable_;
  Trail& trail_;
  bool to_server_, sabotaged_ = false;
};

}  // namespace leat::sim
