// How a subcommand reports an error, and the exit statuses that subcommands share.
#pragma once

#include <cstdio>
#include <string>

namespace leat::command {

constexpr int kFailed = 1;
constexpr int kUsage = 2;  ///< the command line is wrong

/// Writes "leat COMMAND: TEXT" to standard error.
inline void complain(const char* command, const std::string& text) {
  std::fputs(("leat " + std::string(command) + ": " + text + "\n").c_str(), stderr);
}

}  // namespace leat::command
