// TIME-WAIT (RFC 9293 §3.10, §3.10.7.4) after the four segments of an orderly end that we began.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kTimeWaitRows[] = {
    {On::open_active, "", "TIME-WAIT", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "TIME-WAIT", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "TIME-WAIT", "already closed for this direction", "§3.10.2: the connection is closing"},
    {On::receive, "", "TIME-WAIT", "end", "§3.10.3: the end of the stream"},
    {On::shutdown, "", "TIME-WAIT", "ok", "§3.10.4: it was closed already, there is nothing to do"},
    {On::close, "", "TIME-WAIT", "ok", "§3.10.4: the table of TIME-WAIT goes on alone"},
    {On::abort, "", "TIME-WAIT", "ok",
     "DEVIATION: TIME-WAIT goes on (§3.10.5 would end it): it protects the next connection (RFC 1337)"},
    {On::status, "", "TIME-WAIT", "TIME-WAIT", "§3.10.6"},
    {On::syn_again, ". 22 ack 12", "TIME-WAIT", "end", "fourth, RFC 6191: not newer: an old duplicate, acknowledged"},
    {On::syn_in_window, ". 22 ack 12", "TIME-WAIT", "end",
     "fourth, RFC 5961 §4.2: nobody listens for a new incarnation: challenged"},
    {On::syn_above, ". 22 ack 12", "TIME-WAIT", "end",
     "fourth, RFC 5961 §4.2: nobody listens for a new incarnation: challenged"},
    {On::syn_ack, ". 22 ack 12", "TIME-WAIT", "end", "first: not acceptable: our ACK of it was lost"},
    {On::ack, "", "TIME-WAIT", "end", "fifth: nothing new in it"},
    {On::ack_old, "", "TIME-WAIT", "end",
     "an ACK in its place is not answered, whatever it acknowledges: that could go on for ever"},
    {On::ack_ancient, "", "TIME-WAIT", "end",
     "an ACK in its place is not answered, whatever it acknowledges: that could go on for ever"},
    {On::ack_future, "", "TIME-WAIT", "end",
     "an ACK in its place is not answered, whatever it acknowledges: that could go on for ever"},
    {On::data, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::data_ahead, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::data_old, ". 22 ack 12", "TIME-WAIT", "end", "first: not acceptable, so acknowledged"},
    {On::data_overlap, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::data_above, ". 22 ack 12", "TIME-WAIT", "end", "first: not acceptable, so acknowledged"},
    {On::fin, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::fin_data, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::fin_ahead, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::fin_again, ". 22 ack 12", "TIME-WAIT", "end", "eighth: acknowledged, and 2 MSL begin again"},
    {On::fin_ack, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    {On::rst, "", "TIME-WAIT", "end", "DEVIATION: ignored (RFC 1337 §3; the second step would end it)"},
    {On::rst_ack, "", "TIME-WAIT", "end", "DEVIATION: ignored (RFC 1337 §3; the second step would end it)"},
    {On::rst_in_window, "", "TIME-WAIT", "end", "second: ignored (RFC 1337 §3)"},
    {On::rst_above, "", "TIME-WAIT", "end", "second: outside the window, ignored"},
    {On::rst_old, "", "TIME-WAIT", "end", "second: outside the window, ignored"},
    {On::no_flags, "", "TIME-WAIT", "end", "fifth: without ACK it is dropped"},
    {On::urgent, ". 22 ack 12", "TIME-WAIT", "end", "acknowledged: only an old duplicate can be meant"},
    impossible(On::retransmission, "everything is acknowledged"),
    impossible(On::give_up, "everything is acknowledged"),
    impossible(On::user_timeout, "nothing waits for an acknowledgement"),
    {On::time_wait_over, "", "CLOSED", "end", "§3.10.8: CLOSED"},
};

TEST(Rfc9293, TimeWait) { play(In::time_wait); }

}  // namespace

Rows time_wait_rows() { return kTimeWaitRows; }

}  // namespace leat::testing
