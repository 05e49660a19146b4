// Compares a packet from the stack with what a script expects there.
#pragma once

#include <optional>
#include <string>

#include "drill/flow.h"
#include "drill/packet_form.h"
#include "drill/settings.h"

namespace leat::drill {

struct MatchRules {
  const Settings* settings = nullptr;
  /// As the original sees it: blind for transport checksums, TSecr and reserved bits.
  bool lenient = false;
};

/// Nothing when it is what was expected, else the difference in words. Learns initial sequence numbers, time stamps and
/// flow labels.
std::optional<std::string> mismatch(const PacketForm& form, const IpPacket& packet, Flow& flow,
                                    const MatchRules& rules);

/// Joins `next` to `first`, when it continues it as segments of one burst do and `wanted` bytes are not exceeded. A
/// stack that sends MSS by MSS so matches a script that was written for one large segment.
bool glue(IpPacket& first, const IpPacket& next, std::size_t piece, std::size_t wanted);

}  // namespace leat::drill
