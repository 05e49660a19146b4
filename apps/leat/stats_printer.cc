#include "stats_printer.h"

#include <cstdio>
#include <utility>

#include "stats_text.h"

namespace leat::command {

StatsPrinter::StatsPrinter(const Host& host, std::optional<Duration> interval, std::function<std::string()> connections)
    : host_(host), connections_(std::move(connections)) {
  if (!interval) return;
  thread_ = std::thread([this, every = *interval] {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, every, [this] { return stopping_; })) print();
  });
}

void StatsPrinter::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StatsPrinter::finish() {
  stop();
  print();
}

void StatsPrinter::print() const {
  const std::string text = link_text(host_.link()) + connections_() + counters_text(host_.counters()) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace leat::command
