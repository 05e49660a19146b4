// Commands of scripts that set things a stack under test has by the same name: sysctl, echo into /proc/sys, and the
// scripts of common defaults. They are understood here and set on the subject; no shell runs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drill/subject.h"

namespace leat::drill {

/// What the command sets, perhaps nothing (`true`, a script of defaults); no value when it does something else.
std::optional<std::vector<Knob>> knobs_of(std::string_view command);

}  // namespace leat::drill
