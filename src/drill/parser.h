// The parser of scripts. Called by the player's callers, by `leat drill --dry_run` and by the fuzzer.
#pragma once

#include <string>
#include <vector>

#include "drill/script.h"
#include "drill/script_error.h"
#include "leat/expected.h"

namespace leat::drill {

/// `command_line` is applied after the script's own options and wins. Errors name the line and the cause.
expected<Script, ScriptError> parse_script(const std::string& file, const std::string& text,
                                           const std::vector<OptionText>& command_line);

}  // namespace leat::drill
