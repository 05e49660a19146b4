// Interpreter: one Python for a whole run. Starting Python takes longer than playing ten scripts, so it is started
// once; it forks for each program, so that none sees what another left behind and none can end it for the others.
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

  /// `command`: words, no shell. A program that takes longer than `limit` is ended.
  explicit Interpreter(std::string command, std::chrono::seconds limit = kLimit)
      : command_(std::move(command)), limit_(limit) {}
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;
  ~Interpreter();

  /// Unless it runs: starts it, and does not wait until it is ready.
  void start();
  /// The exit status of one that had ended by itself.
  int stop();
  /// Runs a program in the working folder. Nothing, or why it failed: the last lines of what it wrote.
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

/// One for each command that the scripts of a run name.
class Interpreters {
 public:
  Interpreter& of(const std::string& command) { return interpreters_.try_emplace(command, command).first->second; }

 private:
  std::map<std::string, Interpreter> interpreters_;
};

}  // namespace leat::drill
