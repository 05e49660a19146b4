// FateMaker: decides what one impairment does to each frame. It handles sizes and times, not packets.
//
// A frame first waits in the queue for the rate. Then it may be lost, and otherwise it arrives after its delay. Each
// fault has its own random sequence, so a seed loses the same frames with and without jitter. The link emulator calls
// it. docs/emulator.md describes the distributions.
#pragma once

#include <cstdint>
#include <optional>

#include "base/random.h"
#include "base/ring.h"
#include "leat/impairment.h"

namespace leat {

struct Fate {
  enum class Kind : std::uint8_t { arrives, is_lost, finds_queue_full };
  Kind kind = Kind::arrives;
  Instant at{};  ///< time of the arrival, never before the frame was sent
  bool is_doubled = false;
  std::optional<std::uint64_t> flipped_bit{};  ///< a random number that chooses the bit
};

class FateMaker {
 public:
  /// `what` must have passed check(). The key determines all random decisions.
  FateMaker(const Impairment& what, SipKey key);

  /// The fate of a frame of `bytes`, sent at `now`. `now` must not decrease.
  Fate decide(std::size_t bytes, Instant now);

  const Impairment& impairment() const { return what_; }
  const ImpairmentCounters& counters() const { return counters_; }
  /// Counts a frame that should have arrived, and that the emulator had to drop.
  void count_refused() { ++counters_.refused; }
  /// Counts a flipped bit. Frames without an IP packet have none to flip.
  void count_corrupted() { ++counters_.corrupted; }

 private:
  struct Waiting {
    Instant leaves;
    std::uint64_t bytes;
  };
  bool has_room(std::size_t bytes, Instant now);
  Instant send(std::size_t bytes, Instant now);
  bool is_lost();
  Instant arrival(Instant leaves);

  Impairment what_;
  Random loss_, delay_, reorder_, duplicate_, corrupt_;
  bool in_burst_ = false;
  double burst_begins_ = 0, burst_ends_ = 0;  ///< chances for each frame
  RingDeque<Waiting> queue_;  ///< the frame that is being sent and the frames behind it; empty without a rate
  std::uint64_t queued_bytes_ = 0;
  Instant free_at_ = Instant::min();       ///< the time when the last frame of the queue has been sent
  Instant last_arrival_ = Instant::min();  ///< the last arrival of a frame that keeps the order
  ImpairmentCounters counters_;
};

}  // namespace leat
