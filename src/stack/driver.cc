#include "stack/driver.h"

#include <algorithm>
#include <utility>

namespace leat {

expected<InterfaceId, Error> Driver::attach(Device& device, const InterfaceConfig& config) {
  if (links_.size() == kMaxLinks) return unexpected(Error::no_buffers);
  const auto id = stack_.add_interface(config);
  if (!id) return id;
  Link& link = links_.emplace_back();
  link.device = &device;
  link.id = *id;
  waits_.push_back({.fd = device.descriptor(), .input = true});
  return id;
}

bool Driver::look() {
  ++looks_;
  for (std::size_t k = 0; k < links_.size(); ++k) {
    const std::size_t i = (looks_ + k) % links_.size();  // another link first each time
    if (links_[i].failed) continue;
    const auto received = links_[i].device->receive(in_, pool_);
    if (in_.empty() && received) continue;
    found_ = Found{i, received};
    return true;
  }
  return false;
}

void Driver::idle() {
  for (Link& link : links_) link.device->idle();
}

void Driver::fail(std::size_t index) {
  links_[index].failed = true;
  links_[index].blocked = false;
  waits_[index] = {};
}

bool Driver::transmit(Instant now) {
  more_to_send_ = false;
  for (std::size_t i = 0; i < links_.size(); ++i) more_to_send_ |= transmit(i, now);
  return more_to_send_;
}

bool Driver::transmit(std::size_t index, Instant now) {
  Link& link = links_[index];
  for (int round = 0; round < kSendRounds; ++round) {
    if (link.failed) link.out.clear();
    if (!link.out.empty()) link.device->transmit(link.out);
    const bool blocked = !link.out.empty();
    if (blocked != link.blocked) set_blocked(index, blocked);
    // Also when nothing can be sent: the Stack's timers run in its transmit().
    const bool more = stack_.transmit(link.id, link.out, now);
    if (blocked || (link.out.empty() && !more)) return false;
  }
  return true;
}

void Driver::set_blocked(std::size_t index, bool blocked) {
  Link& link = links_[index];
  link.blocked = blocked;
  waits_[index].output = blocked && link.device->write_descriptor() == link.device->descriptor();
}

Instant Driver::next_turn(Instant now) const {
  if (more_to_receive_ || more_to_send_ || more_to_tell_) return now;
  // Output for a blocked device waits for the descriptor of that device.
  const auto can_send = [this](const Link& link) { return !link.blocked && stack_.has_output(link.id); };
  if (std::any_of(links_.begin(), links_.end(), can_send)) return now;
  return stack_.next_timer();
}

}  // namespace leat
