#include "cli/console.h"

#include <cstdio>
#include <utility>

namespace leat::command {

void Console::say(const std::string& text) {
  const std::lock_guard lock(mutex_);
  text_ += text;
  changed_.notify_one();
}

void Console::finish(int status) {
  const std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = true;
  status_ = status;
  changed_.notify_one();
}

int Console::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return finished_ || !text_.empty(); });
    const bool is_last = finished_;
    const std::string text = std::exchange(text_, {});
    lock.unlock();
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
    lock.lock();
    if (is_last) return status_;
  }
}

}  // namespace leat::command
