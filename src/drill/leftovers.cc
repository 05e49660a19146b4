#include "drill/leftovers.h"

#include <algorithm>
#include <map>

#include "drill/story.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

struct LeftoverKind {
  std::string_view words;
  bool is_linux_too = false;  ///< Linux sends such a segment in the same place
};

LeftoverKind kind_of_leftover(const IpPacket& packet, bool is_again) {
  if (packet.protocol != kProtocolTcp) return {"a packet that is not TCP"};
  if (packet.flags.has(kRst)) return {"a reset"};
  if (packet.flags.has(kSyn))
    return is_again ? LeftoverKind{"a SYN again, as no answer came", true} : LeftoverKind{"a SYN"};
  if (packet.payload > 0) {
    return is_again ? LeftoverKind{"data again, as it was not acknowledged", true}
                    : LeftoverKind{"data that the script wrote", true};
  }
  if (packet.flags.has(kFin)) return {is_again ? "a FIN again" : "the FIN of close() or shutdown()", true};
  return {"an ACK", true};
}

}  // namespace

std::string leftovers_text(const std::vector<const WaitingPacket*>& leftovers) {
  constexpr std::size_t kMost = 10;
  std::string text = concat("the script ends, and ", leftovers.size() == 1 ? "this segment was" : "these segments were",
                            " not expected");
  bool all_linux_too = true;
  std::map<const Flow*, std::uint32_t> ends;  // behind what was listed so far
  for (std::size_t i = 0; i < leftovers.size(); ++i) {
    const IpPacket& packet = leftovers[i]->packet;
    const auto listed = ends.find(leftovers[i]->flow);
    const auto end =
        packet.seq + static_cast<std::uint32_t>(packet.payload) + ((packet.flags.bits & (kSyn | kFin)) != 0 ? 1u : 0u);
    const bool is_again = listed != ends.end() && end != packet.seq && end == listed->second;
    ends[leftovers[i]->flow] = end;
    const LeftoverKind kind = kind_of_leftover(packet, is_again);
    all_linux_too = all_linux_too && kind.is_linux_too;
    if (i == kMost) text += concat("\n    ... and ", leftovers.size() - kMost, " more");
    if (i >= kMost) continue;
    text += concat("\n    ", seconds_text(packet.time), " > ", leftovers[i]->flow->describe(packet), "   ", kind.words,
                   kind.is_linux_too ? "; Linux sends it as well" : "");
  }
  text += all_linux_too
              ? "\n    packetdrill would pass this script: it ignores packets that are left, as --lenient does"
              : "\n    --lenient lets the script pass";
  return text;
}

}  // namespace leat::drill
