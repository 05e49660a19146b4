// The table itself: no pair of state and event without a row, and no move of the state machine that no row makes.
#include <algorithm>

#include "stack/testing/rfc9293_table.h"
#include "tcp/state.h"

namespace leat::testing {
namespace {

TEST(Rfc9293Table, EveryStateAndEventHasExactlyOneRow) {
  for (const In state : kEveryState) {
    for (const NamedEvent& event : kEveryEvent) {
      const Rows rows = rows_of(state);
      const auto count = std::count_if(rows.begin(), rows.end(), [&](const Row& r) { return r.event == event.event; });
      EXPECT_EQ(count, 1) << to_string(state) << ", " << event.name;
    }
    EXPECT_EQ(rows_of(state).size(), std::size(kEveryEvent)) << to_string(state);
  }
}

TEST(Rfc9293Table, EveryRowSaysWhy) {
  for (const In state : kEveryState) {
    for (const Row& row : rows_of(state)) {
      EXPECT_FALSE(std::string(row.because).empty()) << to_string(state) << ", " << to_string(row.event);
    }
  }
}

TcpState state_of(In state) {
  switch (state) {
    case In::closed: return TcpState::closed;
    case In::listen: return TcpState::closed;  // a listener is no connection: each SYN makes one, from CLOSED
    case In::syn_sent: return TcpState::syn_sent;
    case In::syn_received_passive: return TcpState::syn_received;
    case In::syn_received_active: return TcpState::syn_received;
    case In::established: return TcpState::established;
    case In::fin_wait_1: return TcpState::fin_wait_1;
    case In::fin_wait_2: return TcpState::fin_wait_2;
    case In::close_wait: return TcpState::close_wait;
    case In::closing: return TcpState::closing;
    case In::last_ack: return TcpState::last_ack;
    case In::time_wait: return TcpState::time_wait;
  }
  return TcpState::closed;
}

TEST(Rfc9293Table, EveryMoveOfTheStateMachineIsMadeByARow) {
  for (const StateMove& move : kStateMoves) {
    const bool made = std::any_of(std::begin(kEveryState), std::end(kEveryState), [&](In from) {
      const Rows rows = rows_of(from);
      return state_of(from) == move.from && std::any_of(rows.begin(), rows.end(), [&](const Row& row) {
               return row.then != nullptr && row.then == rfc_name(move.to);
             });
    });
    EXPECT_TRUE(made) << rfc_name(move.from) << ", " << to_string(move.event);
  }
}

}  // namespace
}  // namespace leat::testing
