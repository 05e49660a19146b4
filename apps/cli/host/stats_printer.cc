#include "cli/host/stats_printer.h"

#include <cstdio>
#include <utility>

#include "cli/host/stats_text.h"

namespace leat::command {

StatsPrinter::StatsPrinter(std::span<const Host> hosts, const StatsOption& option, Ended ended)
    : hosts_(hosts), wanted_(option.wanted), ended_(std::move(ended)) {
  if (!option.wanted || !option.interval) return;
  thread_ = std::thread([this, every = *option.interval] {
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
  if (wanted_) print();
}

void StatsPrinter::print() const {
  std::string text;
  for (std::size_t core = 0; core < hosts_.size(); ++core) {
    if (hosts_.size() > 1) text += "core " + std::to_string(core) + "\n";
    text += text_of(hosts_[core]);
  }
  std::fwrite(text.data(), 1, text.size(), stderr);
}

std::string StatsPrinter::text_of(const Host& host) const {
  const std::vector<SocketInfo> live = host.sockets();
  std::string connections = ended_ ? ended_(live) : std::string();
  for (const SocketInfo& socket : live) connections += connection_text(socket);
  if (!connections.empty()) connections.insert(0, connection_heading());
  return link_text(host.link()) + connections + memory_text(host.memory()) + counters_text(host.counters()) + "\n";
}

}  // namespace leat::command
