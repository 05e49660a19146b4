// Compares what a system call gave back with what the script says.
#pragma once

#include <optional>
#include <string>

#include "drill/script.h"
#include "drill/system_call.h"

namespace leat::drill {

/// Nothing when all is as the script says, else the difference in words.
std::optional<std::string> call_mismatch(const CallEvent& event, const SystemCall& call);

/// "-1 EAGAIN", "5"
std::string result_text(std::int64_t result, int error);

}  // namespace leat::drill
