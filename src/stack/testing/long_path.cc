#include "stack/testing/long_path.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace leat::testing {

namespace {
IpAddress address_of(int side) { return IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(1 + side)); }
}  // namespace

LongPath::LongPath(const LongPathConfig& config) : config_(config) {
  for (int side = 0; side < 2; ++side) {
    StackConfig stack;
    stack.seed = {0x1eaf, static_cast<std::uint64_t>(side) + 7};
    stack.tcp = side == 0 ? config.sender : config.receiver;
    hosts_[side] = std::make_unique<QueueHost>(stack, pool_);
    InterfaceConfig interface;
    interface.caps.has_link_layer = false;
    interface.caps.max_super_segment = 65535;
    interface.caps.completes_checksums = true;
    interface.addresses = {{address_of(side), 24}};
    EXPECT_TRUE(hosts_[side]->attach(interface).has_value());
  }
  listener_ = *hosts_[1]->stack().listen({IpAddress::any_v4(), 80}, 1);
  ends_[0] = *hosts_[0]->stack().connect({.remote = {address_of(1), 80}}, now_);
}

LongPath::~LongPath() {
  for (auto& direction : wire_) direction.clear();
  hosts_[0].reset();
  hosts_[1].reset();
}

void LongPath::pump() {
  for (int side = 0; side < 2; ++side) {
    hosts_[side]->transmit(now_, [&](Packet& packet) {
      const auto nanoseconds = packet.size() * 8 * 1'000'000'000 / config_.bits_per_second;
      free_at_[side] = std::max(free_at_[side], now_) + std::chrono::nanoseconds(nanoseconds);
      packet.offload.checksum = ChecksumState::verified;
      wire_[side].push_back({free_at_[side] + config_.round_trip / 2, 1 - side, std::move(packet)});
    });
    hosts_[side]->dispatch(now_, [](const Event&) {});
  }
}

void LongPath::use() {
  while (true) {
    const auto n = hosts_[0]->stack().write(ends_[0], data_, now_);
    if (!n || *n < data_.size()) break;
  }
  if (!ends_[1]) {
    const auto accepted = hosts_[1]->stack().accept(listener_);
    if (!accepted) return;
    ends_[1] = *accepted;
  }
  while (true) {
    const auto n = hosts_[1]->stack().read(ends_[1], sink_, now_);
    if (!n || *n == 0) return;
    read_ += *n;
  }
}

Instant LongPath::next_time() const {
  Instant next = std::min(hosts_[0]->next_deadline(), hosts_[1]->next_deadline());
  for (const auto& direction : wire_) {
    if (!direction.empty()) next = std::min(next, direction.front().at);
  }
  return next;
}

void LongPath::run(Duration d) {
  const Instant end = now_ + d;
  use();
  pump();
  while (next_time() <= end) {
    now_ = std::max(now_, next_time());
    for (auto& direction : wire_) {
      while (!direction.empty() && direction.front().at <= now_) {
        hosts_[direction.front().to]->receive(std::move(direction.front().packet), now_);
        direction.pop_front();
      }
    }
    use();
    pump();
  }
  now_ = end;
}

double LongPath::rate_during(Duration d) {
  const std::uint64_t before = read_;
  run(d);
  return static_cast<double>(read_ - before) * 8 / std::chrono::duration<double>(d).count();
}

}  // namespace leat::testing
