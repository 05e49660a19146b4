// Process: a child that was started inside the lab, and its exit status.
//
// The destructor kills the process, or its process group if it has its own, and waits for it. Not thread-safe, one
// owner.
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
  int code = 0;    ///< exit status, if `signal` is 0
  int signal = 0;  ///< the signal that ended it, or 0

  bool success() const { return code == 0 && signal == 0; }
  int shell_code() const { return signal != 0 ? 128 + signal : code; }  ///< the value of $? in a shell
  std::string to_string() const;  ///< such as "exit status 3" or "signal 9 (Killed)"
};

enum class Stream {
  inherit,  ///< that of the starter
  discard,  ///< /dev/null
  capture,  ///< kept in memory: Process::output(), Process::errors()
};

struct SpawnOptions {
  std::vector<std::string> environment;  ///< "NAME=value", in addition to the starter's
  std::string directory;                 ///< working directory; empty: that of the starter
  std::string output_file;               ///< file for standard output, created or emptied; overrides `output`
  std::string input_text;                ///< content of standard input, if not empty
  Stream input = Stream::discard;        ///< without input_text; capture means discard
  Stream output = Stream::capture;
  Stream errors = Stream::capture;
  bool own_group = true;       ///< false: stays in the starter's process group, as a shell on a terminal must
  std::vector<int> keep_open;  ///< descriptors that the program inherits, beside 0, 1 and 2
};

class Process {
 public:
  Process() = default;
  Process(pid_t pid, bool own_group, UniqueFd output, UniqueFd errors);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  /// The process number, as the starter sees it. The process itself sees another one.
  pid_t pid() const { return pid_; }
  /// A pidfd. It is readable when the process has ended.
  int descriptor() const { return pidfd_.get(); }

  ExitStatus wait();
  /// Waits at most `limit`. Returns nothing if the process still runs.
  std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit);
  /// Sends a signal to the process, not to its group. It has no effect on a process that has ended.
  void signal(int number);
  /// Sends SIGKILL to its group, or to the process if it has no own group, and waits.
  ExitStatus kill();

  /// The output so far; empty unless captured.
  std::string output() const;
  std::string errors() const;
  /// Waits until the captured errors contain `text`. Returns false if the process ends or `limit` passes first.
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
