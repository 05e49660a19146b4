#include "stats_printer.h"

#include <cstdio>
#include <utility>

#include "stats_text.h"

namespace leat::command {

StatsPrinter::StatsPrinter(const Host& host, std::optional<Duration> interval, Ended ended)
    : host_(host), ended_(std::move(ended)) {
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
  const std::vector<SocketInfo> live = host_.sockets();
  std::string connections = ended_ ? ended_(live) : std::string();
  for (const SocketInfo& socket : live) connections += connection_text(socket);
  if (!connections.empty()) connections.insert(0, connection_heading());
  const std::string text =
      link_text(host_.link()) + connections + memory_text(host_.memory()) + counters_text(host_.counters()) + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace leat::command
