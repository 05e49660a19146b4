// What an ICMP error means to a TCP connection (RFC 9293 §3.9.2.2): the bridge between ip, which can read one, and
// tcp, which knows no ICMP.
#pragma once

#include <optional>

#include "ip/icmp.h"
#include "tcp/connection.h"

namespace leat {

/// Nothing for those that TCP ignores: source quench (RFC 6633) and redirects.
std::optional<PathError> path_error(const IcmpError& icmp);

}  // namespace leat
