// Interpreter: one Python process for a whole run, because starting Python takes longer than playing ten scripts. It
// forks for each program, so no program sees another's leftovers, and none can end the interpreter for the others.
//
// A process that is forked while an Interpreter runs shares it, as the scripts of a suite do.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace leat::drill {

class Interpreter {
 public:
  static constexpr std::chrono::seconds kLimit{10};

  /// `command` is a list of words and is run without a shell. A program that takes longer than `limit` is ended.
  explicit Interpreter(std::string command, std::chrono::seconds limit = kLimit)
      : command_(std::move(command)), limit_(limit) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  /// Starts the process unless it runs. Does not wait until it is ready.
  void start();
  /// Ends the process. Returns its exit status when it had ended by itself.
  int stop();
  /// Runs a program in the working folder. Returns nothing, or the last lines of the output of a program that failed.
  std::optional<std::string> run(const std::string& program);

 private:
  struct Answer {
    bool began = false, good = false, late = false;
    std::string output{};
  };
  Answer ask(const std::string& program) const;
  bool is_running() const;

  std::string command_;
  std::chrono::seconds limit_;
  pid_t process_ = -1, owner_ = -1;
  int wire_ = -1;
};

/// The interpreters of a run, one for each command that scripts name.
class Interpreters {
 public:
  Interpreter& of(const std::string& command) { return interpreters_.try_emplace(command, command).first->second; }

 private:
  std::map<std::string, Interpreter> interpreters_;
};

}  // namespace leat::drill
