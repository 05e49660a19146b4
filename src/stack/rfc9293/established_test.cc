// ESTABLISHED (RFC 9293 §3.10, §3.10.7.4).
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kEstablishedRows[] = {
    {On::open_active, "", "ESTABLISHED", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "ESTABLISHED", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "ESTABLISHED", "5 bytes", "§3.10.2: queued, and kept back: small data is in flight (Nagle)"},
    {On::receive, "", "ESTABLISHED", "operation would block", "§3.10.3: nothing is there yet"},
    {On::shutdown, "F. 21 ack 11", "FIN-WAIT-1", "ok", "§3.10.4: FIN"},
    {On::close, "F. 21 ack 11", "orphan", "ok", "§3.10.4: FIN; nobody reads any more"},
    {On::abort, "R. 21 ack 11", "CLOSED", "ok", "§3.10.5: RST"},
    {On::status, "", "ESTABLISHED", "ESTABLISHED", "§3.10.6"},
    {On::syn_again, ". 21 ack 11", "ESTABLISHED", "",
     "first: not acceptable, so acknowledged (and challenged, RFC 5961 §4.2)"},
    {On::syn_in_window, ". 21 ack 11", "ESTABLISHED", "", "RFC 5961 §4.2: challenged, whatever its number"},
    {On::syn_above, ". 21 ack 11", "ESTABLISHED", "",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 21 ack 11", "ESTABLISHED", "", "first: not acceptable: our ACK of it was lost"},
    {On::ack, "", "ESTABLISHED", "", "fifth: SND.UNA moves on"},
    {On::ack_old, "", "ESTABLISHED", "", "fifth: a duplicate is ignored"},
    {On::ack_ancient, ". 21 ack 11", "ESTABLISHED", "", "RFC 5961 §5.2: nobody honest sends that: challenged"},
    {On::ack_future, ". 21 ack 11", "ESTABLISHED", "",
     "fifth: an ACK of something not sent is answered by an ACK and dropped"},
    {On::data, ". 21 ack 16", "ESTABLISHED", "5 readable",
     "seventh: taken and acknowledged (at once: nothing is delayed here)"},
    {On::data_ahead, ". 21 ack 11", "ESTABLISHED", "", "first, RFC 5681 §4.2: kept, and acknowledged at once"},
    {On::data_old, ". 21 ack 11", "ESTABLISHED", "", "first: not acceptable, so acknowledged"},
    {On::data_overlap, ". 21 ack 16", "ESTABLISHED", "5 readable", "seventh: what is old is cut off"},
    {On::data_above, ". 21 ack 11", "ESTABLISHED", "", "first: not acceptable, so acknowledged"},
    {On::fin, ". 21 ack 12", "CLOSE-WAIT", "end", "eighth: CLOSE-WAIT"},
    {On::fin_data, ". 21 ack 17", "CLOSE-WAIT", "5 readable, end", "seventh, eighth: CLOSE-WAIT"},
    {On::fin_ahead, ". 21 ack 11", "ESTABLISHED", "",
     "first, RFC 5681 §4.2: acknowledged at once; it counts when the gap is closed"},
    {On::fin_again, ". 21 ack 11", "ESTABLISHED", "", "first: not acceptable, so acknowledged; no FIN belongs there"},
    {On::fin_ack, ". 21 ack 12", "CLOSE-WAIT", "end", "eighth: CLOSE-WAIT"},
    {On::rst, "", "CLOSED", "error: connection reset by peer", "second: reset"},
    {On::rst_ack, "", "CLOSED", "error: connection reset by peer", "second: reset"},
    {On::rst_in_window, ". 21 ack 11", "ESTABLISHED", "", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "ESTABLISHED", "", "second: outside the window, ignored"},
    {On::rst_old, "", "ESTABLISHED", "", "second: outside the window, ignored"},
    {On::no_flags, "", "ESTABLISHED", "", "fifth: without ACK it is dropped"},
    {On::urgent, ". 21 ack 16", "ESTABLISHED", "5 readable, 3 urgent",
     "sixth, seventh: the user is told how far it goes; the data stays in its place"},
    {On::retransmission, "P. 11:21 ack 11", "ESTABLISHED", "", "§3.10.8: the first segment again"},
    {On::give_up, "P. 11:21 ack 11", "CLOSED", "error: timed out",
     "§3.8.3: R2 (tcp_retries2): the user is told; no RST, for nobody hears"},
    {On::user_timeout, "P. 11:21 ack 11", "CLOSED", "error: timed out", "§3.10.8: the user is told"},
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, Established) { play(In::established); }

}  // namespace

Rows established_rows() { return kEstablishedRows; }

}  // namespace leat::testing
