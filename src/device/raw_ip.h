// Raw IP sockets on the machine's own addresses: the kernel routes, resolves neighbours and applies its firewall, and
// Leat is the TCP of the claimed ports. One socket sends, one receives TCP, one receives ICMP errors.
//
// Ports must be claimed first (Device::claim_port). The device receives only segments for claimed ports and ICMP errors
// about segments from them, and guard sockets keep the kernel from answering. Offloads may be on: the device recognises
// segments without a checksum and super-segments. It sends plain segments.
#pragma once

#include <memory>
#include <string>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// `interface` is the one that the sockets are bound to; empty for all. The MTU is the smallest one of these
/// interfaces; that of loopback counts only when there is no other.
expected<std::unique_ptr<Device>, DeviceError> open_raw_ip(const std::string& interface);

}  // namespace leat
