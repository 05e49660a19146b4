// The TCP state machine of RFC 9293 §3.3.2 as a table of legal moves that can be printed.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "leat/tcp_info.h"

namespace leat {

/// What makes a connection change its state.
enum class StateEvent : std::uint8_t {
  active_open,    ///< the user connects: SYN is sent
  passive_open,   ///< a SYN arrived for a listener: SYN-ACK is sent
  syn_received,   ///< SYN without ACK in SYN-SENT (simultaneous open)
  syn_acked,      ///< our SYN is acknowledged and the peer's has arrived
  user_close,     ///< the user sends no more: FIN follows the data
  fin_received,   ///< the peer's FIN, in order
  fin_acked,      ///< our FIN is acknowledged
};
std::string_view to_string(StateEvent event);

struct StateMove {
  TcpState from;
  StateEvent event;
  TcpState to;
};

/// Every move but those to CLOSED by RST, abort, time-out or the end of TIME-WAIT, which are legal everywhere.
inline constexpr std::array kStateMoves{
    StateMove{TcpState::closed, StateEvent::active_open, TcpState::syn_sent},
    StateMove{TcpState::closed, StateEvent::passive_open, TcpState::syn_received},
    StateMove{TcpState::syn_sent, StateEvent::syn_received, TcpState::syn_received},
    StateMove{TcpState::syn_sent, StateEvent::syn_acked, TcpState::established},
    StateMove{TcpState::syn_received, StateEvent::syn_acked, TcpState::established},
    StateMove{TcpState::syn_received, StateEvent::user_close, TcpState::fin_wait_1},
    StateMove{TcpState::syn_received, StateEvent::fin_received, TcpState::close_wait},
    StateMove{TcpState::established, StateEvent::user_close, TcpState::fin_wait_1},
    StateMove{TcpState::established, StateEvent::fin_received, TcpState::close_wait},
    StateMove{TcpState::fin_wait_1, StateEvent::fin_acked, TcpState::fin_wait_2},
    StateMove{TcpState::fin_wait_1, StateEvent::fin_received, TcpState::closing},
    StateMove{TcpState::fin_wait_2, StateEvent::fin_received, TcpState::time_wait},
    StateMove{TcpState::close_wait, StateEvent::user_close, TcpState::last_ack},
    StateMove{TcpState::closing, StateEvent::fin_acked, TcpState::time_wait},
    StateMove{TcpState::last_ack, StateEvent::fin_acked, TcpState::closed},
};

/// Where `event` leads from `state`; nothing when the move is not legal.
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
