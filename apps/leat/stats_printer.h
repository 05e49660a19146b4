// --stats: prints what a host counted to standard error, at an interval and at the end.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "leat/host.h"
#include "leat/time.h"

namespace leat::command {

class StatsPrinter {
 public:
  /// `connections` gives the text of the live ones; it is called from the printer's thread and from finish().
  StatsPrinter(const Host& host, std::optional<Duration> interval, std::function<std::string()> connections);
  ~StatsPrinter() { stop(); }
  StatsPrinter(const StatsPrinter&) = delete;
  StatsPrinter& operator=(const StatsPrinter&) = delete;

  /// Ends the interval's prints and prints a last time.
  void finish();

 private:
  void stop();
  void print() const;

  const Host& host_;
  std::function<std::string()> connections_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace leat::command
