#include "tcp/engine/ports.h"

#include "tcp/four_tuple.h"

namespace leat {

EphemeralPorts::EphemeralPorts(Random& random)
    : offset_key_(random.derive_key()), counter_key_(random.derive_key()), counters_{} {
  for (std::uint16_t& c : counters_) c = static_cast<std::uint16_t>(random.below(kCount));
}

EphemeralPorts::Sequence EphemeralPorts::sequence(const IpAddress& local, const Endpoint& remote) const {
  const FourTuple destination{{local, 0}, remote};
  const std::uint64_t f = hash_tuple<2, 4>(offset_key_, destination);
  const std::uint64_t g = hash_tuple<2, 4>(counter_key_, destination);
  return {static_cast<std::uint32_t>(f % kCount), static_cast<std::uint32_t>(g % kCounters)};
}

std::uint16_t EphemeralPorts::port_at(const Sequence& s, std::uint32_t tries) const {
  return static_cast<std::uint16_t>(kFirst + (s.offset + counters_[s.counter] + tries) % kCount);
}

void EphemeralPorts::advance(const Sequence& s, std::uint32_t by) {
  counters_[s.counter] = static_cast<std::uint16_t>((counters_[s.counter] + by) % kCount);
}

}  // namespace leat
