// Raw IP sockets on the machine's own addresses: the kernel routes, resolves neighbours and keeps its firewall; the
// TCP of some ports is ours. One socket sends, one receives TCP, one receives ICMP errors.
//
// Ports are claimed first (Device::claim_port): only segments for claimed ports, and ICMP errors about segments from
// them, are looked at, and guard sockets keep the kernel from answering for them. Offloads may be on: what arrives
// without a checksum yet, or as a super-segment, is recognised. What leaves are plain segments.
#pragma once

#include <memory>
#include <string>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// `interface` is empty for all of the machine, or the one that the sockets are bound to. The MTU is the smallest of
/// those there, loopback's only when there is no other.
expected<std::unique_ptr<Device>, DeviceError> open_raw_ip(const std::string& interface);

}  // namespace leat
