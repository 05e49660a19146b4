// A packet of a script as text, for messages: the line as it was written, without its time.
#pragma once

#include <string>

#include "drill/packet_form.h"

namespace leat::drill {

std::string to_string(const PacketForm& form);

}  // namespace leat::drill
