// The TCP state machine of RFC 9293 §3.3.2 as a table of legal moves that can be printed.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "leat/tcp_info.h"

namespace leat {

/// The events that change the state of a connection.
enum class StateEvent : std::uint8_t {
  active_open,   ///< the user connects: SYN is sent
  passive_open,  ///< a SYN arrived for a listener: SYN-ACK is sent
  syn_received,  ///< SYN without ACK in SYN-SENT (simultaneous open)
  syn_acked,     ///< our SYN is acknowledged and the peer's has arrived
  user_close,    ///< the user sends no more: FIN follows the data
  fin_received,  ///< the peer's FIN, in order
  fin_acked,     ///< our FIN is acknowledged
};
std::string_view to_string(StateEvent event);

struct StateMove {
  TcpState from;
  StateEvent event;
  TcpState to;
  std::string_view sends;  ///< the segment that the move itself sends
};

/// Every move except those to CLOSED by RST, abort, time-out or the end of TIME-WAIT, which are legal in every state.
inline constexpr std::array kStateMoves{
    StateMove{TcpState::closed, StateEvent::active_open, TcpState::syn_sent, "SYN"},
    StateMove{TcpState::closed, StateEvent::passive_open, TcpState::syn_received, "SYN, ACK"},
    StateMove{TcpState::syn_sent, StateEvent::syn_received, TcpState::syn_received, "SYN, ACK"},
    StateMove{TcpState::syn_sent, StateEvent::syn_acked, TcpState::established, "ACK"},
    StateMove{TcpState::syn_received, StateEvent::syn_acked, TcpState::established, ""},
    StateMove{TcpState::established, StateEvent::user_close, TcpState::fin_wait_1, "FIN"},
    StateMove{TcpState::established, StateEvent::fin_received, TcpState::close_wait, "ACK"},
    StateMove{TcpState::fin_wait_1, StateEvent::fin_acked, TcpState::fin_wait_2, ""},
    StateMove{TcpState::fin_wait_1, StateEvent::fin_received, TcpState::closing, "ACK"},
    StateMove{TcpState::fin_wait_2, StateEvent::fin_received, TcpState::time_wait, "ACK"},
    StateMove{TcpState::close_wait, StateEvent::user_close, TcpState::last_ack, "FIN"},
    StateMove{TcpState::closing, StateEvent::fin_acked, TcpState::time_wait, ""},
    StateMove{TcpState::last_ack, StateEvent::fin_acked, TcpState::closed, ""},
};

/// The state that `event` leads to from `state`; empty when the move is not legal.
constexpr std::optional<TcpState> next_state(TcpState state, StateEvent event) {
  for (const StateMove& m : kStateMoves) {
    if (m.from == state && m.event == event) return m.to;
  }
  return std::nullopt;
}

static_assert(next_state(TcpState::fin_wait_1, StateEvent::fin_acked) == TcpState::fin_wait_2);
static_assert(!next_state(TcpState::time_wait, StateEvent::fin_received));
static_assert(!next_state(TcpState::closed, StateEvent::user_close));

constexpr bool is_synchronized(TcpState s) { return s >= TcpState::established; }
/// The peer may still send data in these.
constexpr bool can_receive(TcpState s) {
  return s == TcpState::established || s == TcpState::fin_wait_1 || s == TcpState::fin_wait_2;
}
/// Data may be sent, or sent again, in these.
constexpr bool can_send(TcpState s) {
  return s == TcpState::established || s == TcpState::close_wait || s == TcpState::fin_wait_1 ||
         s == TcpState::closing || s == TcpState::last_ack;
}

}  // namespace leat
