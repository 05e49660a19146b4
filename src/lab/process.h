// Process: a child that was started inside the lab, and how it ended.
//
// Destroying a Process kills it (its process group when it has its own) and waits for it; nobody is left behind.
// Not thread-safe; one owner.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/unique_fd.h"

namespace leat::lab {

struct ExitStatus {
  int code = 0;    ///< what it returned, when `signal` is 0
  int signal = 0;  ///< the signal that ended it, or 0

  bool success() const { return code == 0 && signal == 0; }
  int shell_code() const { return signal != 0 ? 128 + signal : code; }  ///< as $? has it
  std::string to_string() const;                                        ///< "exit status 3", "signal 9 (Killed)"
};

enum class Stream {
  inherit,  ///< the starter's own
  discard,  ///< /dev/null
  capture,  ///< kept in memory: Process::output(), Process::errors()
};

struct SpawnOptions {
  std::vector<std::string> environment;  ///< "NAME=value", added to or replacing the starter's
  std::string directory;                 ///< where to start; empty: where the starter is
  std::string output_file;               ///< standard output goes there (created, emptied), whatever `output` says
  std::string input_text;                ///< when not empty, what it finds on standard input
  Stream input = Stream::discard;        ///< where there is no input_text; capture means discard
  Stream output = Stream::capture;
  Stream errors = Stream::capture;
  bool own_group = true;       ///< false: stays in the starter's process group, as a terminal's shell must
  std::vector<int> keep_open;  ///< descriptors that an executed program inherits beside 0, 1 and 2
};

class Process {
 public:
  Process() = default;
  Process(pid_t pid, bool own_group, UniqueFd output, UniqueFd errors);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  /// As the starter sees it; the process itself sees another number.
  pid_t pid() const { return pid_; }
  /// A pidfd: readable once the process has ended.
  int descriptor() const { return pidfd_.get(); }

  ExitStatus wait();
  /// Nothing when it still runs after `limit`.
  std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit);
  /// Sends a signal to the process alone. Without effect once it has ended.
  void signal(int number);
  /// SIGKILL to its group (or to it alone when it has no own group), then wait().
  ExitStatus kill();

  /// What it has written so far; empty unless captured.
  std::string output() const;
  std::string errors() const;
  /// Waits until the captured errors contain `text`; false when it ended or `limit` passed first.
  bool wait_for_errors(std::string_view text, std::chrono::milliseconds limit);

 private:
  bool collect(int flags);

  pid_t pid_ = -1;
  bool own_group_ = false;
  UniqueFd pidfd_;
  UniqueFd output_;
  UniqueFd errors_;
  std::optional<ExitStatus> status_;
};

}  // namespace leat::lab
