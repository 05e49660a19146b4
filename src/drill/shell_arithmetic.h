// The integer arithmetic of sh: what stands between $(( and )).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace leat::drill {

using ShellVariables = std::map<std::string, std::string, std::less<>>;

/// Nothing when the text is no expression, divides by zero, or overflows.
std::optional<std::int64_t> shell_arithmetic(std::string_view text, const ShellVariables& variables);

}  // namespace leat::drill
