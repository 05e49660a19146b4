// ConnectionReport: what a connection says about itself. It only reads, and lives for one call.
#pragma once

#include "leat/counters.h"
#include "leat/tcp_info.h"
#include "tcp/connection/core.h"

namespace leat {

class ConnectionReport {
 public:
  explicit ConnectionReport(const ConnectionCore& core) : c_(core) {}

  std::uint16_t readiness() const;
  QueuedBytes queued() const;
  bool at_mark() const { return c_.receiver.at_mark(); }
  TcpCounts counts() const;
  TcpInfo info() const;
  TimeWaitFacts time_wait_facts() const;

 private:
  const ConnectionCore& c_;
};

}  // namespace leat
