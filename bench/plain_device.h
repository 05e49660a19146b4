// Helpers for benches of Stacks without a device: a host 10.0.0.N on plain Ethernet of MTU 1500, and the copy of each
// frame that a device makes.
#pragma once

#include "stack/stack.h"

namespace leat::bench {

inline InterfaceConfig plain_interface(std::uint8_t host) {
  InterfaceConfig config;
  config.mac = {{2, 0, 0, 0, 0, host}};
  config.addresses = {{IpAddress::v4(10, 0, 0, host), 24}};
  return config;
}
inline expected<InterfaceId, Error> add_plain_interface(Stack& stack, std::uint8_t host) {
  return stack.add_interface(plain_interface(host));
}

/// Empty if the pool has no buffer.
inline Packet received_copy(const Packet& sent, BufferPool& pool) {
  Slice frame = pool.allocate(class_for(sent.size()), 0, sent.size());
  if (!frame || !sent.copy_out(0, frame.mutable_bytes())) return {};
  return Packet(std::move(frame));
}

}  // namespace leat::bench
