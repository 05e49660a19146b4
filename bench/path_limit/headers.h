// The headers of a segment on Ethernet, as on the wire.
#pragma once

#include <linux/if_ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>

#include <utility>

#include "path.h"

namespace leat::path_limit {

struct [[gnu::packed]] Headers {
  ethhdr ethernet;
  iphdr ip;
  tcphdr tcp;

  /// The headers of an answer: only addresses and ports are set.
  Headers answer(const std::uint8_t (&station)[ETH_ALEN]) const {
    Headers to{};
    for (std::size_t i = 0; i < ETH_ALEN; ++i) {
      to.ethernet.h_dest[i] = ethernet.h_source[i];
      to.ethernet.h_source[i] = station[i];
    }
    to.ethernet.h_proto = ethernet.h_proto;
    to.ip.version = 4, to.ip.ihl = 5, to.ip.ttl = 64, to.ip.protocol = IPPROTO_TCP;
    to.ip.saddr = ip.daddr, to.ip.daddr = ip.saddr;
    to.tcp.source = tcp.dest, to.tcp.dest = tcp.source;
    to.tcp.doff = 5;
    return to;
  }
};
static_assert(sizeof(Headers) == kHeaders);

}  // namespace leat::path_limit
