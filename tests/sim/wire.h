// One direction of a faulty path in virtual time: loses, doubles, delays, reorders and damages frames.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.h"
#include "packet/packet.h"
#include "plan.h"

namespace leat::sim {

/// What happened to frames so far.
struct WireCounters {
  std::uint64_t frames = 0, bytes = 0, lost = 0, overflowed = 0, duplicated = 0, reordered = 0, corrupted = 0;
  WireCounters& operator+=(const WireCounters& o);
};

/// The last frames on both directions, for a failing seed.
class Trail {
 public:
  enum class Fate : std::uint8_t { sent, lost, overflowed, duplicated, reordered, corrupted };
  void record(Instant at, bool to_server, Fate fate, const Packet& frame);
  std::string to_string(bool link_layer) const;

 private:
  struct Entry {
    Instant at;
    std::array<std::uint8_t, 96> head;
    std::uint32_t size = 0, kept = 0;
    bool to_server = false;
    Fate fate = Fate::sent;
  };
  std::array<Entry, 64> ring_{};
  std::uint64_t count_ = 0;
};

class Wire {
 public:
  /// `cable` gives the buffers of frames on their way; it outlives what receives them.
  Wire(const WirePlan& plan, SipKey key, BufferPool& cable, Trail& trail, bool to_server, bool link_layer)
      : plan_(plan),
        random_(key),
        cable_(cable),
        trail_(trail),
        to_server_(to_server),
        link_header_(link_layer ? 14 : 0) {}

  /// Decides the fate of a frame sent at `now`.
  void send(const Packet& frame, Instant now);
  /// When the next frame arrives; kNever when none is on its way.
  Instant next_arrival() const { return flying_.empty() ? kNever : flying_.front().at; }
  /// Moves frames that have arrived by `now` into `batch`, up to its room. True when there are more.
  bool arrive(PacketBatch& batch, Instant now);

  /// Lets damaged frames pass as if a device had verified their checksums: the harness must notice.
  void sabotage() { sabotaged_ = true; }
  const WireCounters& counters() const { return counters_; }

 private:
  struct Flying {
    Instant at;
    std::uint64_t order;
    Packet frame;
  };
  static bool later(const Flying& a, const Flying& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  bool may_damage(const Packet& frame) const;
  void fly(const Packet& frame, Instant at, bool damaged);
  Packet copy_of(const Packet& frame, bool damaged);

  WirePlan plan_;
  Random random_;
  BufferPool& cable_;
  Trail& trail_;
  bool to_server_, sabotaged_ = false;
  std::uint32_t link_header_;
  std::vector<Flying> flying_;  ///< a heap
  std::uint64_t order_ = 0;
  Instant free_at_ = Instant::min(), last_arrival_ = Instant::min();
  WireCounters counters_;
};

}  // namespace leat::sim
