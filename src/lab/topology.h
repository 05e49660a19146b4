// The steps by which Lab::create builds the networks of lab.h in empty namespaces. It calls each once, in this order,
// and set_offloads again when the loss changes.
#pragma once

#include <string>

#include "lab/lab.h"

namespace leat::lab {

inline constexpr const char* kTapDevice = "leat0";
inline constexpr const char* kTunDevice = "leat1";

/// Enables forwarding, and disables IPv6 and the reverse path filter.
expected<void, LabError> prepare_kernels(const Lab& lab);
/// Makes TAP and TUN devices in near. Returns the reason if that is impossible, otherwise an empty text.
std::string make_tun_devices(const Lab& lab);
/// Makes the veth pairs, addresses and routes.
expected<void, LabError> connect_places(const Lab& lab);
/// Sets the segmentation offloads of all veth ends, as Lab::config() says.
expected<void, LabError> set_offloads(const Lab& lab);

}  // namespace leat::lab
