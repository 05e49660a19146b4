// ScriptError: an error in a script, with its place. It is thrown inside the parser only, and parse_script() returns it
// as a value.
#pragma once

#include <string>

#include "drill/text.h"

namespace leat::drill {

struct ScriptError {
  std::string file;
  int line = 0;  ///< from 1
  std::string message;

  /// "file:line: message"
  std::string to_string() const { return concat(file, ":", line, ": ", message); }
};

/// Thrown likewise, for a script that wants what no player here has. parse_script() makes it Settings::unsupported.
struct UnsupportedInScript {
  int line = 0;
  std::string what;
};

}  // namespace leat::drill
