#include "stack/testing/link.h"

#include <algorithm>

namespace leat::testing {

Link::Link(const TcpSettings& options, bool link_layer, std::size_t memory) : pool_(memory) {
  for (int side = 0; side < 2; ++side) {
    StackConfig config;
    config.seed = {0x1eaf, static_cast<std::uint64_t>(side) + 7};
    config.tcp = options;
    hosts_[side] = std::make_unique<QueueHost>(config, pool_);
    InterfaceConfig interface;
    interface.caps.has_link_layer = link_layer;
    interface.mac = side == 0 ? near_mac() : far_mac();
    interface.addresses = {{side == 0 ? near_address() : far_address(), 24}};
    interface.gateway = IpAddress::v4(10, 0, 0, 254);
    EXPECT_TRUE(hosts_[side]->attach(interface).has_value());
  }
}

Link::~Link() {
  hosts_[0].reset();
  hosts_[1].reset();
  EXPECT_EQ(pool_.blocks_in_use(), 0u) << "leaked buffers";
}

void Link::pump() {
  for (int side = 0; side < 2; ++side) {
    hosts_[side]->transmit(now_, [&](const Packet& packet) {
      InFlight item{now_ + kDelay, 1 - side, std::vector<std::uint8_t>(packet.size())};
      EXPECT_TRUE(packet.copy_out(0, item.frame));
      EXPECT_EQ(packet.offload.checksum, ChecksumState::unchecked) << "this device completes no checksums";
      if (!filter_ || filter_(item.to, item.frame)) wire_.push_back(std::move(item));
    });
  }
  collect_events();
}

void Link::deliver(const InFlight& item) { hosts_[item.to]->receive(Packet(pool_.copy_of(item.frame)), now_); }

Instant Link::next_time() const {
  Instant next = std::min(hosts_[0]->next_deadline(), hosts_[1]->next_deadline());
  if (!wire_.empty()) next = std::min(next, wire_.front().at);
  return next;
}

void Link::run(Duration d) {
  const Instant end = now_ + d;
  pump();
  while (next_time() <= end) {
    now_ = std::max(now_, next_time());
    while (!wire_.empty() && wire_.front().at <= now_) {
      deliver(wire_.front());
      wire_.pop_front();
    }
    pump();
  }
  now_ = end;
}

void Link::settle(Duration limit) {
  const Instant end = now_ + limit;
  pump();
  while (next_time() <= end) run(std::max<Duration>(next_time() - now_, 0ns));
}

std::vector<std::vector<std::uint8_t>> Link::inject(std::vector<std::uint8_t> frame) {
  std::vector<std::vector<std::uint8_t>> answers;
  deliver({now_, 0, std::move(frame)});
  hosts_[0]->transmit(now_, [&](const Packet& packet) {
    answers.emplace_back(packet.size());
    EXPECT_TRUE(packet.copy_out(0, answers.back()));
  });
  collect_events();
  return answers;
}

void Link::collect_events() {
  for (int side = 0; side < 2; ++side) {
    hosts_[side]->dispatch(now_, [&](const Event& event) { events_[side].emplace_back(event.socket, event.bits); });
  }
}

std::uint16_t Link::events(int side, SocketHandle handle) {
  collect_events();
  std::uint16_t bits = 0;
  std::erase_if(events_[side], [&](const auto& e) {
    if (!(e.first == handle)) return false;
    bits = static_cast<std::uint16_t>(bits | e.second);
    return true;
  });
  return bits;
}

Link::Pair Link::connect() {
  Pair pair;
  const auto listener = far().listen({IpAddress::any_v4(), 80}, 16);
  EXPECT_TRUE(listener.has_value());
  pair.listener = *listener;
  const auto near_end = near().connect({.remote = {far_address(), 80}}, now_);
  EXPECT_TRUE(near_end.has_value());
  pair.near = *near_end;
  run(10ms);
  const auto far_end = far().accept(pair.listener);
  EXPECT_TRUE(far_end.has_value());
  if (far_end) pair.far = *far_end;
  return pair;
}

std::string Link::read_all(Stack& stack, SocketHandle handle) {
  std::string all;
  std::uint8_t buffer[4096];
  while (true) {
    const auto n = stack.read(handle, buffer, now_);
    if (!n || *n == 0) return all;
    all.append(reinterpret_cast<const char*>(buffer), *n);
  }
}

}  // namespace leat::testing
