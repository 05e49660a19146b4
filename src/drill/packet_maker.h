// Makes the packets that a script sends to the stack: relative numbers and symbolic time stamps become those of the
// flow, checksums come right.
#pragma once

#include <string>
#include <vector>

#include "drill/flow.h"
#include "drill/packet_form.h"
#include "drill/settings.h"
#include "leat/expected.h"

namespace leat::drill {

/// The error says what the script asks for and cannot be made. Notes in `flow` what the peer has said.
expected<std::vector<std::uint8_t>, std::string> make_packet(const PacketForm& form, Flow& flow,
                                                             const Settings& settings);
/// A RST that the stack takes, whatever the flow's window is.
std::vector<std::uint8_t> make_reset(const Flow& flow);

}  // namespace leat::drill
