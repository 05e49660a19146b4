// Turns a system call of a script into one that can be made: fills in what the script leaves open (`...`), finds live
// descriptors, lays structures out.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "drill/script.h"
#include "drill/settings.h"
#include "drill/system_call.h"

namespace leat::drill {

/// Live descriptors by the numbers that the script gives them.
using Descriptors = std::map<int, int>;

/// Returns nothing, or the reason why the arguments make no sense.
std::optional<std::string> make_call(const CallEvent& event, const Settings& settings, const Descriptors& descriptors,
                                     SystemCall& call);

/// Fills in the address that bind() (local) or connect() and sendto() use.
void fill_address(const Settings& settings, bool local, SystemCall& call);

/// The bytes of a socket option's value, or nothing when no option has this form. `length` 0: as many as it needs.
std::optional<std::vector<std::uint8_t>> option_bytes(const Value& value, std::size_t length);
/// Control messages in the layout of msg_control, or nothing when a form is unknown.
std::optional<std::vector<std::uint8_t>> control_bytes(const Value& list);

}  // namespace leat::drill
