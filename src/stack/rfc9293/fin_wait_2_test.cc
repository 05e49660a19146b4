// FIN-WAIT-2 (RFC 9293 §3.10, §3.10.7.4): the user has shut down, all is acknowledged, the peer may send.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kFinWait2Rows[] = {
    {On::open_active, "", "FIN-WAIT-2", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "FIN-WAIT-2", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "FIN-WAIT-2", "already closed for this direction", "§3.10.2: the connection is closing"},
    {On::receive, "", "FIN-WAIT-2", "operation would block", "§3.10.3: nothing is there yet"},
    {On::shutdown, "", "FIN-WAIT-2", "ok", "§3.10.4: it was closed already, there is nothing to do"},
    {On::close, "", "orphan", "ok", "§3.10.4: nobody reads any more; the wait has an end now"},
    {On::abort, "R. 22 ack 11", "CLOSED", "ok", "§3.10.5: RST"},
    {On::status, "", "FIN-WAIT-2", "FIN-WAIT-2", "§3.10.6"},
    {On::syn_again, ". 22 ack 11", "FIN-WAIT-2", "",
     "first: not acceptable, so acknowledged (and challenged, RFC 5961 §4.2)"},
    {On::syn_in_window, ". 22 ack 11", "FIN-WAIT-2", "", "RFC 5961 §4.2: challenged, whatever its number"},
    {On::syn_above, ". 22 ack 11", "FIN-WAIT-2", "",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 22 ack 11", "FIN-WAIT-2", "", "first: not acceptable: our ACK of it was lost"},
    {On::ack, "", "FIN-WAIT-2", "", "fifth: nothing new in it"},
    {On::ack_old, "", "FIN-WAIT-2", "", "fifth: a duplicate is ignored"},
    {On::ack_ancient, ". 22 ack 11", "FIN-WAIT-2", "", "RFC 5961 §5.2: nobody honest sends that: challenged"},
    {On::ack_future, ". 22 ack 11", "FIN-WAIT-2", "",
     "fifth: an ACK of something not sent is answered by an ACK and dropped"},
    {On::data, ". 22 ack 16", "FIN-WAIT-2", "5 readable",
     "seventh: taken and acknowledged (at once: nothing is delayed here)"},
    {On::data_ahead, ". 22 ack 11", "FIN-WAIT-2", "", "first, RFC 5681 §4.2: kept, and acknowledged at once"},
    {On::data_old, ". 22 ack 11", "FIN-WAIT-2", "", "first: not acceptable, so acknowledged"},
    {On::data_overlap, ". 22 ack 16", "FIN-WAIT-2", "5 readable", "seventh: what is old is cut off"},
    {On::data_above, ". 22 ack 11", "FIN-WAIT-2", "", "first: not acceptable, so acknowledged"},
    {On::fin, ". 22 ack 12", "TIME-WAIT", "end", "eighth: TIME-WAIT"},
    {On::fin_data, ". 22 ack 17", "TIME-WAIT", "5 readable, end", "seventh, eighth: TIME-WAIT"},
    {On::fin_ahead, ". 22 ack 11", "FIN-WAIT-2", "",
     "first, RFC 5681 §4.2: acknowledged at once; it counts when the gap is closed"},
    {On::fin_again, ". 22 ack 11", "FIN-WAIT-2", "", "first: not acceptable, so acknowledged; no FIN belongs there"},
    {On::fin_ack, ". 22 ack 12", "TIME-WAIT", "end", "eighth: TIME-WAIT"},
    {On::rst, "", "CLOSED", "error: connection reset by peer", "second: reset"},
    {On::rst_ack, "", "CLOSED", "error: connection reset by peer", "second: reset"},
    {On::rst_in_window, ". 22 ack 11", "FIN-WAIT-2", "", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "FIN-WAIT-2", "", "second: outside the window, ignored"},
    {On::rst_old, "", "FIN-WAIT-2", "", "second: outside the window, ignored"},
    {On::no_flags, "", "FIN-WAIT-2", "", "fifth: without ACK it is dropped"},
    {On::urgent, ". 22 ack 16", "FIN-WAIT-2", "5 readable, 3 urgent",
     "sixth, seventh: the user is told how far it goes; the data stays in its place"},
    impossible(On::retransmission, "everything is acknowledged"),
    impossible(On::give_up, "everything is acknowledged; a half-closed connection may last"),
    impossible(On::user_timeout, "nothing waits for an acknowledgement"),
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, FinWait2) { play(In::fin_wait_2); }

}  // namespace

Rows fin_wait_2_rows() { return kFinWait2Rows; }

}  // namespace leat::testing
