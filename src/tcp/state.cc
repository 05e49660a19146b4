#include "tcp/state.h"

namespace leat {

std::string_view to_string(TcpState state) {
  switch (state) {
    case TcpState::closed: return "UNCONN";
    case TcpState::listen: return "LISTEN";
    case TcpState::syn_sent: return "SYN-SENT";
    case TcpState::syn_received: return "SYN-RECV";
    case TcpState::established: return "ESTAB";
    case TcpState::fin_wait_1: return "FIN-WAIT-1";
    case TcpState::fin_wait_2: return "FIN-WAIT-2";
    case TcpState::close_wait: return "CLOSE-WAIT";
    case TcpState::closing: return "CLOSING";
    case TcpState::last_ack: return "LAST-ACK";
    case TcpState::time_wait: return "TIME-WAIT";
  }
  return "?";
}

std::string_view to_string(StateEvent event) {
  switch (event) {
    case StateEvent::active_open: return "active open";
    case StateEvent::passive_open: return "passive open";
    case StateEvent::syn_received: return "SYN received";
    case StateEvent::syn_acked: return "SYN acknowledged";
    case StateEvent::user_close: return "close";
    case StateEvent::fin_received: return "FIN received";
    case StateEvent::fin_acked: return "FIN acknowledged";
  }
  return "?";
}

}  // namespace leat
