// Prints a packet as one line of text, in the style of tcpdump. For tests and traces; never used on the data path.
#pragma once

#include <string>

#include "base/bytes.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/tcp_options.h"

namespace leat {

/// Prints an Ethernet frame. Payload bytes may be missing, because lengths come from the headers.
std::string describe_frame(Bytes frame);
/// Prints an IP datagram, as devices without a link layer carry it.
std::string describe_datagram(Bytes datagram);
/// Prints "Flags [S], seq 1, win 64240, options [mss 1460,sackOK,wscale 7], length 0".
std::string describe_tcp(const TcpHeader& header, const TcpOptionSet& options, std::size_t payload);
std::string to_string(const TcpOptionSet& options);

}  // namespace leat
