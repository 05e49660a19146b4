// Reads the shell commands of scripts without a shell: words, quotes, variables, $((…)), redirections, && and ||.
// Anything else of sh's grammar is left for a shell, and the command says so. Called by commands.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drill/shell_arithmetic.h"

namespace leat::drill {

struct ShellCommand {
  std::vector<std::string> words;
  std::string output;      ///< the file that > names; empty: none, or /dev/null
  bool may_fail = false;   ///< || follows
  std::string text;        ///< as written, for messages
  std::string unreadable;  ///< what only a shell can do, as "a pipe"; empty: nothing
};

/// The commands in their order. Those behind || are left out: the one before counts as having worked. Assignments
/// (A=1) change `variables`.
std::vector<ShellCommand> read_shell(std::string_view text, ShellVariables& variables);

}  // namespace leat::drill
