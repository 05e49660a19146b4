// Facts about a network interface of the kernel, by ioctl in the calling thread's network namespace.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "leat/address.h"

namespace leat {

struct InterfaceInfo {
  int index = 0;
  std::uint32_t mtu = 0;
  bool up = false;
  bool ethernet = false;  ///< Ethernet frames (loopback's fake ones included)
  MacAddress mac;         ///< only when ethernet
};

/// 1 to 15 characters without blanks, '/' and '%', as interface names are.
bool is_interface_name(std::string_view name);

/// Nothing when there is no such interface.
std::optional<InterfaceInfo> interface_info(const std::string& name);

/// Sets IFF_UP. False when that is not permitted or fails.
bool bring_up(const std::string& name);

/// The path of the running program, for advice such as a setcap line; "PROGRAM" when unknown.
std::string program_path();

// What is wrong, and what to do about it.
std::string no_such_interface(const std::string& name);
std::string interface_is_down(const std::string& name);
/// How to be allowed raw and packet sockets, to go behind a colon.
std::string advice_for_raw_sockets();
/// The same for AF_XDP.
std::string advice_for_xdp();

}  // namespace leat
