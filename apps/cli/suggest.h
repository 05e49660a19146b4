// "Did you mean --loss?": the known word nearest to a mistyped one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace leat::command {

/// The candidate that differs least from `word` (letters added, missing, changed or swapped), when that is little
/// enough to be a slip. Dashes in front do not count.
std::optional<std::string> closest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace leat::command
