#include "emulator/fate.h"

#include <algorithm>

namespace leat {
namespace {

constexpr std::uint32_t kDefaultQueue = 1000;  // frames, as in Linux's netem
constexpr std::uint64_t kBitNanoseconds = 8'000'000'000;

/// The random sequence of a key for one purpose. It is independent of the sequences for other purposes.
Random sequence(SipKey key, std::uint64_t purpose) { return Random({key.k0, key.k1 ^ (purpose << 56)}); }

}  // namespace

FateMaker::FateMaker(const Impairment& what, SipKey key)
    : what_(what),
      loss_(sequence(key, 1)),
      delay_(sequence(key, 2)),
      reorder_(sequence(key, 3)),
      duplicate_(sequence(key, 4)),
      corrupt_(sequence(key, 5)) {
  if (what_.burst > 0) {
    // Gilbert's model: all frames in a burst are lost, and none between bursts. A burst ends at each frame with chance
    // 1/burst, and bursts begin so often that the share of frames in them is the loss.
    burst_ends_ = what_.loss < 1 ? 1 / what_.burst : 0;
    burst_begins_ = what_.loss < 1 ? what_.loss / (1 - what_.loss) / what_.burst : 1;
    in_burst_ = loss_.chance(what_.loss);
  }
}

Fate FateMaker::decide(std::size_t bytes, Instant now) {
  ++counters_.frames;
  counters_.bytes += bytes;
  if (!has_room(bytes, now)) {
    ++counters_.queue_drops;
    return {.kind = Fate::Kind::finds_queue_full};
  }
  const Instant leaves = send(bytes, now);
  if (is_lost()) {
    ++counters_.lost;
    return {.kind = Fate::Kind::is_lost};
  }
  Fate fate;
  fate.at = arrival(leaves);
  counters_.total_delay += fate.at - now;
  counters_.longest_delay = std::max(counters_.longest_delay, fate.at - now);
  if (what_.corrupt > 0 && corrupt_.chance(what_.corrupt)) fate.flipped_bit = corrupt_.next();
  if (what_.duplicate > 0 && duplicate_.chance(what_.duplicate)) {
    fate.is_doubled = true;
    ++counters_.duplicated;
  }
  return fate;
}

bool FateMaker::has_room(std::size_t bytes, Instant now) {
  if (what_.rate == 0) return true;
  while (!queue_.empty() && queue_.front().leaves <= now) queued_bytes_ -= queue_.pop_front().bytes;
  if (what_.queue_bytes == 0) return queue_.size() < (what_.queue_frames > 0 ? what_.queue_frames : kDefaultQueue);
  return queue_.empty() || queued_bytes_ + bytes <= what_.queue_bytes;  // an empty queue takes a frame of any size
}

/// The time when the last bit of the frame has been sent.
Instant FateMaker::send(std::size_t bytes, Instant now) {
  if (what_.rate == 0) return now;
  const std::uint64_t nanoseconds = (bytes * kBitNanoseconds + what_.rate - 1) / what_.rate;
  free_at_ = std::max(now, free_at_) + Duration(nanoseconds);
  queue_.push_back({free_at_, bytes});
  queued_bytes_ += bytes;
  return free_at_;
}

bool FateMaker::is_lost() {
  if (what_.burst == 0) return what_.loss > 0 && loss_.chance(what_.loss);
  const bool lost = in_burst_;
  in_burst_ = in_burst_ ? !loss_.chance(burst_ends_) : loss_.chance(burst_begins_);
  return lost;
}

Instant FateMaker::arrival(Instant leaves) {
  if (what_.reorder > 0 && reorder_.chance(what_.reorder)) {
    ++counters_.reordered;
    return leaves;
  }
  Duration delay = what_.delay;
  if (what_.jitter > Duration::zero()) {
    const double share = static_cast<double>(delay_.next() >> 11) * 0x1p-52 - 1;  // uniform in -1..1
    delay += Duration(static_cast<Duration::rep>(share * static_cast<double>(what_.jitter.count())));
    delay = std::max(delay, Duration::zero());
  }
  last_arrival_ = std::max(last_arrival_, leaves + delay);
  return last_arrival_;
}

}  // namespace leat
