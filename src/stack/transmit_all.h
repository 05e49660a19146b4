// transmit_all: for whoever drives a Stack without a device, as tests and scripts do.
#pragma once

#include "stack/stack.h"

namespace leat {

/// Hands `take` each packet that `stack` wants to send by `interface` now. It may keep it.
template <typename Take>
void transmit_all(Stack& stack, InterfaceId interface, Instant now, Take take) {
  PacketBatch batch;
  for (bool more = true; more;) {
    more = stack.transmit(interface, batch, now);
    for (Packet& packet : batch.packets()) take(packet);
    batch.clear();
  }
}

}  // namespace leat
