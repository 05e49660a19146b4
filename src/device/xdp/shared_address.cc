#include "device/xdp/shared_address.h"

namespace leat::xdp {

expected<std::uint16_t, Error> SharedAddress::claim(unsigned core, const IpAddress& address, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  if (!copies_) return unexpected(Error::no_device);
  const auto claimed = copies_->claim_port(address, port);
  if (!claimed) return claimed;
  holders_[*claimed].insert(core);
  // "All addresses" is not taken literally: datagrams that this machine forwards are not ours.
  for (const IpAddress& ours : addresses_) {
    if (!address.is_unspecified() && address != ours) continue;
    if (program_->take(ours, *claimed)) continue;
    drop(core, *claimed);
    return unexpected(Error::no_buffers);
  }
  return claimed;
}

void SharedAddress::release(unsigned core, std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  drop(core, port);
}

void SharedAddress::leave(unsigned core) {
  const std::lock_guard lock(mutex_);
  std::vector<std::uint16_t> ports;
  for (const auto& [port, cores] : holders_) {
    if (cores.contains(core)) ports.push_back(port);
  }
  for (const std::uint16_t port : ports) drop(core, port);
  if (core == kFirstCore) copies_.reset();  // it holds memory of that core's
}

void SharedAddress::drop(unsigned core, std::uint16_t port) {
  const auto held = holders_.find(port);
  if (held == holders_.end() || held->second.erase(core) == 0 || !held->second.empty()) return;
  holders_.erase(held);
  for (const IpAddress& ours : addresses_) (void)program_->give_back(ours, port);
  if (copies_) copies_->release_port(port);
}

expected<void, Error> SharedAddress::receive(PacketBatch& batch, BufferPool& pool) {
  const std::lock_guard lock(mutex_);
  return copies_->receive(batch, pool);
}

DeviceCounters SharedAddress::counters() const {
  const std::lock_guard lock(mutex_);
  return copies_->counters();
}

}  // namespace leat::xdp
