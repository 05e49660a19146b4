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

/// Script descriptors and what they are really called.
using Descriptors = std::map<int, int>;

/// Nothing, or what about the arguments cannot be.
std::optional<std::string> make_call(const CallEvent& event, const Settings& settings, const Descriptors& descriptors,
                                     SystemCall& call);

/// The address that bind() (local) or connect() and sendto() use.
void fill_address(const Settings& settings, bool local, SystemCall& call);

/// A socket option's value; nothing when this form of value belongs to none. `length` 0: what the value needs.
std::optional<std::vector<std::uint8_t>> option_bytes(const Value& value, std::size_t length);
/// Control messages in the layout of msg_control. Nothing when a form is unknown.
std::optional<std::vector<std::uint8_t>> control_bytes(const Value& list);

}  // namespace leat::drill
