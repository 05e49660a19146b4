// FateMaker: decides, frame by frame, what one impairment does to it. Numbers in, numbers out: no packets here.
//
// A frame first waits for its turn (queue, rate), may then be lost, and otherwise travels for its delay. Each fault
// has a random sequence of its own, so that a seed loses the same frames whether or not jitter is asked for as well.
// Called by the link emulator; docs/emulator.md tells the distributions to users.
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
  Instant at{};  ///< of the arrival; never before the frame was sent
  bool is_doubled = false;
  std::optional<std::uint64_t> flipped_bit{};  ///< a random number, to choose the bit by
};

class FateMaker {
 public:
  /// `what` was checked. The key decides everything that is left to chance.
  FateMaker(const Impairment& what, SipKey key);

  /// The fate of a frame of `bytes` sent at `now`, which never goes back.
  Fate decide(std::size_t bytes, Instant now);

  const Impairment& impairment() const { return what_; }
  const ImpairmentCounters& counters() const { return counters_; }
  /// The emulator could not carry what should have arrived.
  void count_refused() { ++counters_.refused; }
  /// A bit was flipped; not every frame has one to flip.
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
  double burst_begins_ = 0, burst_ends_ = 0;  ///< chances a frame
  RingDeque<Waiting> queue_;                  ///< the frame being sent and those behind it; empty without a rate
  std::uint64_t queued_bytes_ = 0;
  Instant free_at_ = Instant::min();       ///< when the last frame of the queue has left
  Instant last_arrival_ = Instant::min();  ///< of the frames that keep their order
  ImpairmentCounters counters_;
};

}  // namespace leat
