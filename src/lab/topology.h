// The steps by which Lab::create turns empty namespaces into the picture in lab.h. Called in this order, once;
// set_offloads again whenever the loss changes.
#pragma once

#include <string>

#include "lab/lab.h"

namespace leat::lab {

inline constexpr const char* kTapDevice = "leat0";
inline constexpr const char* kTunDevice = "leat1";

/// Forwarding, no IPv6, no reverse path filter.
expected<void, LabError> prepare_kernels(const Lab& lab);
/// TAP and TUN devices in near; the reason when they cannot be made, else an empty text.
std::string make_tun_devices(const Lab& lab);
/// The veth pairs, addresses and routes.
expected<void, LabError> connect_places(const Lab& lab);
/// Segmentation offloads of all veth ends, as Lab::config() says.
expected<void, LabError> set_offloads(const Lab& lab);

}  // namespace leat::lab
