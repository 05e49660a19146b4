// Finding the programs that the lab executes.
#pragma once

#include <string>

#include "lab/lab_error.h"
#include "leat/expected.h"

namespace leat::lab {

/// The path of `program`, from PATH or the sbin directories that an ordinary user's PATH lacks; a name with a
/// slash is taken as it is. The error names the Debian package where it is known.
expected<std::string, LabError> find_tool(const std::string& program);

}  // namespace leat::lab
