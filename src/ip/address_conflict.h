// AddressConflict: another station uses one of our addresses (RFC 5227 §2.4).
#pragma once

#include "ip/interface_id.h"
#include "leat/address.h"

namespace leat {

struct AddressConflict {
  InterfaceId interface = 0;
  IpAddress address;   ///< ours, which an ARP packet of the station gave as its own
  MacAddress station;  ///< the link address of the other one
};

}  // namespace leat
