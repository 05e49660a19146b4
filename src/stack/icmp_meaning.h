// The meaning of an ICMP error for a TCP connection (RFC 9293 §3.9.2.2): the bridge between ip, which can read one, and
// tcp, which knows no ICMP.
#pragma once

#include <optional>

#include "ip/icmp.h"
#include "tcp/connection.h"

namespace leat {

/// Returns nothing for errors that TCP ignores: source quench (RFC 6633), redirects and unknown codes.
std::optional<PathError> path_error(const IcmpError& icmp);

}  // namespace leat
