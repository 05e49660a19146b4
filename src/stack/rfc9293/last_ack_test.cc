// LAST-ACK (RFC 9293 §3.10, §3.10.7.4): the peer has shut down, then the user; data and FIN are in flight.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kLastAckRows[] = {
    {On::open_active, "", "LAST-ACK", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "LAST-ACK", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "LAST-ACK", "already closed for this direction", "§3.10.2: the connection is closing"},
    {On::receive, "", "LAST-ACK", "end", "§3.10.3: the end of the stream"},
    {On::shutdown, "", "LAST-ACK", "ok", "§3.10.4: it was closed already, there is nothing to do"},
    {On::close, "", "orphan", "ok", "§3.10.4: it was closed already; TCP goes on alone"},
    {On::abort, "", "CLOSED", "ok", "§3.10.5: deleted, no RST"},
    {On::status, "", "LAST-ACK", "LAST-ACK", "§3.10.6"},
    {On::syn_again, ". 22 ack 12", "LAST-ACK", "end",
     "first: not acceptable, so acknowledged (and challenged, RFC 5961 §4.2)"},
    {On::syn_in_window, ". 22 ack 12", "LAST-ACK", "end", "RFC 5961 §4.2: challenged, whatever its number"},
    {On::syn_above, ". 22 ack 12", "LAST-ACK", "end",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 22 ack 12", "LAST-ACK", "end", "first: not acceptable: our ACK of it was lost"},
    {On::ack, "", "CLOSED", "end", "fifth: our FIN is acknowledged: CLOSED"},
    {On::ack_old, "", "LAST-ACK", "end", "fifth: a duplicate is ignored"},
    {On::ack_ancient, ". 22 ack 12", "LAST-ACK", "end", "RFC 5961 §5.2: nobody honest sends that: challenged"},
    {On::ack_future, ". 22 ack 12", "LAST-ACK", "end",
     "fifth: an ACK of something not sent is answered by an ACK and dropped"},
    {On::data, "", "LAST-ACK", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_ahead, "", "LAST-ACK", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_old, ". 22 ack 12", "LAST-ACK", "end", "first: not acceptable, so acknowledged"},
    {On::data_overlap, "", "LAST-ACK", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_above, ". 22 ack 12", "LAST-ACK", "end", "first: not acceptable, so acknowledged"},
    {On::fin, "", "LAST-ACK", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_data, "", "LAST-ACK", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_ahead, "", "LAST-ACK", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_again, ". 22 ack 12", "LAST-ACK", "end", "first: not acceptable, so acknowledged: our ACK of it was lost"},
    {On::fin_ack, "", "CLOSED", "end", "fifth: our FIN is acknowledged: CLOSED"},
    {On::rst, "", "CLOSED", "error: connection reset by peer, end",
     "DEVIATION: the RFC reports no error here; our FIN may be lost, so Linux does"},
    {On::rst_ack, "", "CLOSED", "error: connection reset by peer, end",
     "DEVIATION: the RFC reports no error here; our FIN may be lost, so Linux does"},
    {On::rst_in_window, ". 22 ack 12", "LAST-ACK", "end", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "LAST-ACK", "end", "second: outside the window, ignored"},
    {On::rst_old, "", "LAST-ACK", "end", "second: outside the window, ignored"},
    {On::no_flags, "", "LAST-ACK", "end", "fifth: without ACK it is dropped"},
    {On::urgent, "", "LAST-ACK", "end", "sixth: nothing comes after a FIN: ignored"},
    {On::retransmission, "FP. 11:21 ack 12", "LAST-ACK", "end", "§3.10.8: data and FIN again"},
    {On::give_up, "FP. 11:21 ack 12", "CLOSED", "error: timed out, end",
     "§3.8.3: R2 (tcp_retries2): the user is told; no RST, for nobody hears"},
    {On::user_timeout, "FP. 11:21 ack 12", "CLOSED", "error: timed out, end", "§3.10.8: the user is told"},
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, LastAck) { play(In::last_ack); }

}  // namespace

Rows last_ack_rows() { return kLastAckRows; }

}  // namespace leat::testing
