// Leat's settings by the names that they have in Linux's /proc/sys/net. docs/drill.md lists them.
#pragma once

#include <optional>
#include <string>

#include "drill/subject.h"
#include "socket/sockets.h"

namespace leat::drill {

/// Sets it in `config`. Returns nothing, or the reason why Leat cannot take this value.
std::optional<std::string> set_leat_knob(const Knob& knob, SocketsConfig& config);

/// Sets the MTU of the script's link (`ip link set dev tun0 mtu N`). Returns nothing, or the error.
std::optional<std::string> set_link_mtu(const std::string& value, std::uint32_t& mtu);

}  // namespace leat::drill
