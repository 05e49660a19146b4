// --stats: prints what a host counted to standard error, at an interval and at the end.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "cli/common_options.h"
#include "leat/host.h"
#include "leat/time.h"

namespace leat::command {

class StatsPrinter {
 public:
  /// What there is to say of connections that are over; given the live ones, which are printed anyway. Called from the
  /// printer's thread and from finish(). May be empty.
  using Ended = std::function<std::string(const std::vector<SocketInfo>& live)>;

  /// Prints nothing unless `option` wants it; of hosts on several cores, one after another.
  StatsPrinter(std::span<const Host> hosts, const StatsOption& option, Ended ended = {});
  ~StatsPrinter() { stop(); }
  StatsPrinter(const StatsPrinter&) = delete;
  StatsPrinter& operator=(const StatsPrinter&) = delete;

  /// Ends the interval's prints and prints a last time.
  void finish();

 private:
  void stop();
  void print() const;
  std::string text_of(const Host& host) const;

  std::span<const Host> hosts_;
  bool wanted_;
  Ended ended_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace leat::command
