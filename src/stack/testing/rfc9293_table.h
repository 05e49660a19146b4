// The table of RFC 9293 §3.10: what happens in every state at every event. The rows are in src/stack/rfc9293/, one
// file a state; each is played by a Machine from CLOSED on, and the states are reached by exchanging segments.
//
// Where a connection has data (from ESTABLISHED on) it has sent 1:21, of which 1:11 is acknowledged, and the peer has
// sent 1:11, which was read. So there is something old, something in flight and something to come on both sides. The
// window that we offer is 4096 bytes, the peer's 65535.
#pragma once

#include <iterator>
#include <span>
#include <string>

#include "stack/testing/machine.h"

namespace leat::testing {

enum class In {  // a state, with the way into it where that matters
  closed,
  listen,
  syn_sent,
  syn_received_passive,
  syn_received_active,  ///< by a simultaneous open
  established,
  fin_wait_1,
  fin_wait_2,
  close_wait,
  closing,
  last_ack,
  time_wait,
};
inline constexpr In kEveryState[] = {
    In::closed,      In::listen,     In::syn_sent,   In::syn_received_passive, In::syn_received_active,
    In::established, In::fin_wait_1, In::fin_wait_2, In::close_wait,           In::closing,
    In::last_ack,    In::time_wait};
std::string to_string(In state);

// P is the number that the peer sends next, U the first of ours that is not acknowledged, N the next of ours.
enum class On {
  open_active,
  open_passive,
  send,
  receive,
  shutdown,
  close,
  abort,
  status,
  syn_again,
  syn_in_window,
  syn_above,
  syn_ack,
  ack,
  ack_old,
  ack_ancient,
  ack_future,
  data,
  data_ahead,
  data_old,
  data_overlap,
  data_above,
  fin,
  fin_data,
  fin_ahead,
  fin_again,
  fin_ack,
  rst,
  rst_ack,
  rst_in_window,
  rst_above,
  rst_old,
  no_flags,
  urgent,
  retransmission,
  give_up,
  user_timeout,
  time_wait_over,
};
struct NamedEvent {
  On event;
  const char* name;
};
inline constexpr NamedEvent kEveryEvent[] = {
    {On::open_active, "OPEN, active"},
    {On::open_passive, "OPEN, passive"},
    {On::send, "SEND of 5 bytes"},
    {On::receive, "RECEIVE"},
    {On::shutdown, "CLOSE, the user still receives (shutdown)"},
    {On::close, "CLOSE, the user gives the connection up (close)"},
    {On::abort, "ABORT"},
    {On::status, "STATUS"},
    {On::syn_again, "the peer's first SYN again: seq 0"},
    {On::syn_in_window, "SYN inside the window: seq P+10"},
    {On::syn_above, "SYN above the window: seq P+100000"},
    {On::syn_ack, "SYN,ACK: seq 0 ack 1"},
    {On::ack, "ACK of all that we have sent: seq P ack N"},
    {On::ack_old, "ACK of what is acknowledged: ack U-1"},
    {On::ack_ancient, "ACK from more than a window ago: ack U-70000"},
    {On::ack_future, "ACK of what we have not sent: ack N+1"},
    {On::data, "data in order: 5 bytes at P"},
    {On::data_ahead, "data out of order: 5 bytes at P+5"},
    {On::data_old, "old data: 5 bytes at P-5"},
    {On::data_overlap, "data old and new: 10 bytes at P-5"},
    {On::data_above, "data beyond the window: 5 bytes at P+5000"},
    {On::fin, "FIN in order"},
    {On::fin_data, "FIN with 5 bytes of data in order"},
    {On::fin_ahead, "FIN out of order: seq P+5"},
    {On::fin_again, "FIN at P-1: from CLOSE-WAIT on, the peer's own again"},
    {On::fin_ack, "FIN that acknowledges all that we have sent"},
    {On::rst, "RST at exactly P"},
    {On::rst_ack, "RST,ACK of all that we have sent, at exactly P"},
    {On::rst_in_window, "RST inside the window: seq P+10"},
    {On::rst_above, "RST above the window: seq P+10000"},
    {On::rst_old, "RST below the window: seq P-1"},
    {On::no_flags, "data without any flag, in order"},
    {On::urgent, "urgent data in order: 5 bytes at P"},
    {On::retransmission, "retransmission time-out"},
    {On::give_up, "nobody answers any more: the last retransmission time-out"},
    {On::user_timeout, "user time-out, when 30 s are its limit"},
    {On::time_wait_over, "TIME-WAIT time-out: 2 MSL, which is 60 s"},
};
static_assert(std::size(kEveryEvent) == std::size_t{1} + static_cast<std::size_t>(On::time_wait_over));
std::string to_string(On event);

/// What happens at one event. A user's call is answered by `outcome`; after anything else that is what a user who looks
/// would find (Machine::outcome).
struct Row {
  On event;
  const char* sends;  ///< as Machine::sent
  const char* then;   ///< the state, as Machine::state
  const char* outcome;
  const char* because;  ///< the rule
};

/// The event cannot happen in this state.
constexpr Row impossible(On event, const char* because) { return {event, nullptr, nullptr, nullptr, because}; }

using Rows = std::span<const Row>;
Rows closed_rows();
Rows listen_rows();
Rows syn_sent_rows();
Rows syn_received_passive_rows();
Rows syn_received_active_rows();
Rows established_rows();
Rows fin_wait_1_rows();
Rows fin_wait_2_rows();
Rows close_wait_rows();
Rows closing_rows();
Rows last_ack_rows();
Rows time_wait_rows();
Rows rows_of(In state);

/// Brings the machine into the state and forgets what was sent on the way.
void enter(Machine& machine, In state);
/// Plays every row of the state.
void play(In state);

}  // namespace leat::testing
