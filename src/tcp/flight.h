// Flight: the state of a TcpConnection that is needed only while data is queued or in flight. An idle connection holds
// none, so that many idle connections cost little memory. The busy ones share a pool.
#pragma once

#include <memory>
#include <vector>

#include "leat/time.h"
#include "tcp/loss/loss_timer.h"
#include "tcp/loss/recovery.h"
#include "tcp/send/send_budget.h"
#include "tcp/send/send_queue.h"
#include "tcp/send/window_use.h"

namespace leat {

/// The members that start afresh with each flight.
struct FlightState {
  WindowUse window_use;
  LossTimer loss_timer;
  SendBudget budget;
  Instant persist_deadline = kNever;
  Instant persist_since{};        ///< since then the window holds data back
  Instant progress_at{};          ///< since then the oldest unacknowledged data waits
  Instant silent_since = kNever;  ///< the first of the time-outs in a row
  StreamPos round_end = 0;        ///< when this is acknowledged, a round trip of measurements is over
};

struct Flight : FlightState {
  Recovery recovery;  ///< keeps its memory
  SendQueue queue;    ///< of the Sender

  void start(const Recovery::Start& with) {
    static_cast<FlightState&>(*this) = {};
    recovery.start(with);
  }
};

/// The flights of all connections of one stack. A flight that is given back is reused with its memory.
class FlightPool {
 public:
  std::unique_ptr<Flight> take() {
    if (free_.empty()) return std::make_unique<Flight>();
    std::unique_ptr<Flight> flight = std::move(free_.back());
    free_.pop_back();
    return flight;
  }
  void give_back(std::unique_ptr<Flight> flight) {
    flight->queue.buffer.clear();
    if (free_.size() < kMostKept && flight->recovery.is_small()) free_.push_back(std::move(flight));
  }

 private:
  static constexpr std::size_t kMostKept = 256;
  std::vector<std::unique_ptr<Flight>> free_;
};

}  // namespace leat
