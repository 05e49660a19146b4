// Finds the programs that the lab executes.
#pragma once

#include <string>

#include "lab/lab_error.h"
#include "leat/expected.h"

namespace leat::lab {

/// The path of `program`, from PATH or from the sbin directories that the PATH of an ordinary user lacks. A name with a
/// slash is returned unchanged. The error names the Debian package, if it is known.
expected<std::string, LabError> find_tool(const std::string& program);

}  // namespace leat::lab
