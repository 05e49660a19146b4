// The link address of a station of ours on a link: the same one in each run, so that neighbours that know it
// still reach us after a restart.
#pragma once

#include <optional>
#include <string_view>

#include "base/siphash.h"
#include "leat/address.h"

namespace leat {

/// The name that a station's address is derived from. Stations with different names have different addresses, except
/// with a chance of 2^-46.
struct StationName {
  std::string_view host;  ///< the machine's name: copies of a virtual machine often share its id
  std::string_view link;  ///< as users write it: "packet:eth0"
  IpAddress address;      ///< ours on that link
};

/// A locally administered unicast address. `machine` is the key, and cannot be worked out from the result.
MacAddress derive_mac(const SipKey& machine, const StationName& name);

/// The machine id that the file at `path` holds (machine-id(5)). Nothing when there is none, or none yet.
std::optional<SipKey> machine_id(const char* path);

/// derive_mac() for this machine; a random address where the machine has no id.
MacAddress station_mac(std::string_view link, const IpAddress& address);

}  // namespace leat
