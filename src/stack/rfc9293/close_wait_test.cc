// CLOSE-WAIT (RFC 9293 §3.10, §3.10.7.4): the peer has shut down; 10 bytes of ours are in flight.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kCloseWaitRows[] = {
    {On::open_active, "", "CLOSE-WAIT", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "CLOSE-WAIT", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "CLOSE-WAIT", "5 bytes", "§3.10.2: as in ESTABLISHED"},
    {On::receive, "", "CLOSE-WAIT", "end", "§3.10.3: the end of the stream"},
    {On::shutdown, "F. 21 ack 12", "LAST-ACK", "ok", "§3.10.4: FIN, LAST-ACK"},
    {On::close, "F. 21 ack 12", "orphan", "ok", "§3.10.4: FIN, LAST-ACK"},
    {On::abort, "R. 21 ack 12", "CLOSED", "ok", "§3.10.5: RST"},
    {On::status, "", "CLOSE-WAIT", "CLOSE-WAIT", "§3.10.6"},
    {On::syn_again, ". 21 ack 12", "CLOSE-WAIT", "end",
     "first: not acceptable, so acknowledged (and challenged, RFC 5961 §4.2)"},
    {On::syn_in_window, ". 21 ack 12", "CLOSE-WAIT", "end", "RFC 5961 §4.2: challenged, whatever its number"},
    {On::syn_above, ". 21 ack 12", "CLOSE-WAIT", "end",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 21 ack 12", "CLOSE-WAIT", "end", "first: not acceptable: our ACK of it was lost"},
    {On::ack, "", "CLOSE-WAIT", "end", "fifth: SND.UNA moves on"},
    {On::ack_old, "", "CLOSE-WAIT", "end", "fifth: a duplicate is ignored"},
    {On::ack_ancient, ". 21 ack 12", "CLOSE-WAIT", "end", "RFC 5961 §5.2: nobody honest sends that: challenged"},
    {On::ack_future, ". 21 ack 12", "CLOSE-WAIT", "end",
     "fifth: an ACK of something not sent is answered by an ACK and dropped"},
    {On::data, "", "CLOSE-WAIT", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_ahead, "", "CLOSE-WAIT", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_old, ". 21 ack 12", "CLOSE-WAIT", "end", "first: not acceptable, so acknowledged"},
    {On::data_overlap, "", "CLOSE-WAIT", "end", "seventh: nothing comes after a FIN: ignored"},
    {On::data_above, ". 21 ack 12", "CLOSE-WAIT", "end", "first: not acceptable, so acknowledged"},
    {On::fin, "", "CLOSE-WAIT", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_data, "", "CLOSE-WAIT", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_ahead, "", "CLOSE-WAIT", "end", "eighth: there was a FIN already: ignored"},
    {On::fin_again, ". 21 ack 12", "CLOSE-WAIT", "end",
     "first: not acceptable, so acknowledged: our ACK of it was lost"},
    {On::fin_ack, "", "CLOSE-WAIT", "end", "eighth: there was a FIN already; its ACK counts"},
    {On::rst, "", "CLOSED", "error: connection reset by peer, end", "second: reset"},
    {On::rst_ack, "", "CLOSED", "error: connection reset by peer, end", "second: reset"},
    {On::rst_in_window, ". 21 ack 12", "CLOSE-WAIT", "end", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "CLOSE-WAIT", "end", "second: outside the window, ignored"},
    {On::rst_old, "", "CLOSE-WAIT", "end", "second: outside the window, ignored"},
    {On::no_flags, "", "CLOSE-WAIT", "end", "fifth: without ACK it is dropped"},
    {On::urgent, "", "CLOSE-WAIT", "end", "sixth: nothing comes after a FIN: ignored"},
    {On::retransmission, "P. 11:21 ack 12", "CLOSE-WAIT", "end", "§3.10.8: the first segment again"},
    {On::give_up, "P. 11:21 ack 12", "CLOSED", "error: timed out, end",
     "§3.8.3: R2 (tcp_retries2): the user is told; no RST, for nobody hears"},
    {On::user_timeout, "P. 11:21 ack 12", "CLOSED", "error: timed out, end", "§3.10.8: the user is told"},
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, CloseWait) { play(In::close_wait); }

}  // namespace

Rows close_wait_rows() { return kCloseWaitRows; }

}  // namespace leat::testing
