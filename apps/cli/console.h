// Console: what a host's thread has to say, printed by the main thread, since a terminal or a pipe may block.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>

namespace leat::command {

class Console {
 public:
  /// For standard output. From any thread.
  void say(const std::string& text);
  /// run() ends with this status, when all is printed; the first one counts. From any thread.
  void finish(int status);
  /// Prints until somebody calls finish(); the status. The main thread's.
  int run();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  bool finished_ = false;
  int status_ = 0;
};

}  // namespace leat::command
