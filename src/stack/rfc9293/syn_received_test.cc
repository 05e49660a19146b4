// SYN-RECEIVED (RFC 9293 §3.10, §3.10.7.4), on either way into it.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kSynReceivedPassive[] = {
    {On::open_active, "", "SYN-RECEIVED", "address already in use", "the port listens"},
    {On::open_passive, "", "SYN-RECEIVED", "address already in use", "§3.10.1: somebody listens there already"},
    impossible(On::send, "nobody has a handle of it before it is ESTABLISHED and accepted"),
    impossible(On::receive, "nobody has a handle of it before it is ESTABLISHED and accepted"),
    impossible(On::shutdown, "nobody has a handle of it before it is ESTABLISHED and accepted"),
    {On::close, "", "CLOSED", "ok", "of the listener: who acknowledges the SYN,ACK finds nobody, and a RST (as Linux)"},
    {On::abort, "", "CLOSED", "ok", "of the listener: as CLOSE"},
    {On::status, "", "SYN-RECEIVED", "SYN-RECEIVED", "§3.10.6"},
    {On::syn_again, "S. 0 ack 1", "SYN-RECEIVED", "",
     "first: DEVIATION: the SYN,ACK again, as Linux; it acknowledges as well"},
    {On::syn_in_window, "", "LISTEN", "", "fourth: back to LISTEN"},
    {On::syn_above, ". 1 ack 1", "SYN-RECEIVED", "",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 1 ack 1", "SYN-RECEIVED", "",
     "first: not acceptable: only a simultaneous open may be completed by that"},
    {On::ack, "", "ESTABLISHED", "", "fifth: ESTABLISHED"},
    {On::ack_old, "R 0", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::ack_ancient, "R -69999", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::ack_future, "R 2", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::data, ". 1 ack 6", "ESTABLISHED", "5 readable",
     "fifth, seventh: ESTABLISHED, for its ACK is good, and the data is taken"},
    {On::data_ahead, ". 1 ack 1", "ESTABLISHED", "",
     "fifth, RFC 5681 §4.2: ESTABLISHED, for its ACK is good; the data is kept"},
    {On::data_old, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged"},
    {On::data_overlap, ". 1 ack 6", "ESTABLISHED", "5 readable", "fifth, seventh: ESTABLISHED; what is old is cut off"},
    {On::data_above, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged"},
    {On::fin, ". 1 ack 2", "CLOSE-WAIT", "end", "fifth, eighth: ESTABLISHED for its ACK, CLOSE-WAIT for the FIN"},
    {On::fin_data, ". 1 ack 7", "CLOSE-WAIT", "5 readable, end", "fifth, seventh, eighth: all of it at once"},
    {On::fin_ahead, ". 1 ack 1", "ESTABLISHED", "",
     "fifth, RFC 5681 §4.2: ESTABLISHED; the FIN counts when the gap is closed"},
    {On::fin_again, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged; no FIN belongs there"},
    {On::fin_ack, ". 1 ack 2", "CLOSE-WAIT", "end", "fifth, eighth: ESTABLISHED for its ACK, CLOSE-WAIT for the FIN"},
    {On::rst, "", "LISTEN", "", "second: back to LISTEN, nobody is told"},
    {On::rst_ack, "", "LISTEN", "", "second: back to LISTEN, nobody is told"},
    {On::rst_in_window, ". 1 ack 1", "SYN-RECEIVED", "", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "SYN-RECEIVED", "", "second: outside the window, ignored"},
    {On::rst_old, "", "SYN-RECEIVED", "", "second: outside the window, ignored"},
    {On::no_flags, "", "SYN-RECEIVED", "", "fifth: without ACK it is dropped"},
    {On::urgent, ". 1 ack 6", "ESTABLISHED", "5 readable, 3 urgent",
     "fifth, sixth, seventh: ESTABLISHED; the user is told how far it goes"},
    {On::retransmission, "S. 0 ack 1", "SYN-RECEIVED", "", "§3.8.1: the SYN,ACK again, after 1 s"},
    {On::give_up, "S. 0 ack 1", "LISTEN", "", "§3.8.3: five SYN,ACKs again, as Linux, then back to LISTEN"},
    impossible(On::user_timeout, "no user waits for it: §3.8.3 gives it up after its retries"),
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

constexpr Row kSynReceivedActive[] = {
    {On::open_active, "", "SYN-RECEIVED", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "SYN-RECEIVED", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "SYN-RECEIVED", "5 bytes", "§3.10.2: queued until ESTABLISHED"},
    {On::receive, "", "SYN-RECEIVED", "operation would block", "§3.10.3: queued (here: try again)"},
    {On::shutdown, "", "SYN-RECEIVED", "ok", "§3.10.4: the FIN is queued until ESTABLISHED"},
    {On::close, "", "orphan", "ok", "§3.10.4: the FIN is queued until ESTABLISHED"},
    {On::abort, "R. 1 ack 1", "CLOSED", "ok", "§3.10.5: RST"},
    {On::status, "", "SYN-RECEIVED", "SYN-RECEIVED", "§3.10.6"},
    {On::syn_again, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged"},
    {On::syn_in_window, ". 1 ack 1", "SYN-RECEIVED", "", "RFC 5961 §4.2: challenged"},
    {On::syn_above, ". 1 ack 1", "SYN-RECEIVED", "",
     "RFC 5961 §4.2: challenged; an honest peer that restarted answers with a RST"},
    {On::syn_ack, ". 1 ack 1", "ESTABLISHED", "", "figure 8: the peer's SYN,ACK crosses ours and is its ACK"},
    {On::ack, "", "ESTABLISHED", "", "fifth: ESTABLISHED"},
    {On::ack_old, "R 0", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::ack_ancient, "R -69999", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::ack_future, "R 2", "SYN-RECEIVED", "", "fifth: not an ACK of our SYN: RST"},
    {On::data, ". 1 ack 6", "ESTABLISHED", "5 readable",
     "fifth, seventh: ESTABLISHED, for its ACK is good, and the data is taken"},
    {On::data_ahead, ". 1 ack 1", "ESTABLISHED", "",
     "fifth, RFC 5681 §4.2: ESTABLISHED, for its ACK is good; the data is kept"},
    {On::data_old, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged"},
    {On::data_overlap, ". 1 ack 6", "ESTABLISHED", "5 readable", "fifth, seventh: ESTABLISHED; what is old is cut off"},
    {On::data_above, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged"},
    {On::fin, ". 1 ack 2", "CLOSE-WAIT", "end", "fifth, eighth: ESTABLISHED for its ACK, CLOSE-WAIT for the FIN"},
    {On::fin_data, ". 1 ack 7", "CLOSE-WAIT", "5 readable, end", "fifth, seventh, eighth: all of it at once"},
    {On::fin_ahead, ". 1 ack 1", "ESTABLISHED", "",
     "fifth, RFC 5681 §4.2: ESTABLISHED; the FIN counts when the gap is closed"},
    {On::fin_again, ". 1 ack 1", "SYN-RECEIVED", "", "first: not acceptable, so acknowledged; no FIN belongs there"},
    {On::fin_ack, ". 1 ack 2", "CLOSE-WAIT", "end", "fifth, eighth: ESTABLISHED for its ACK, CLOSE-WAIT for the FIN"},
    {On::rst, "", "CLOSED", "error: connection refused", "second: refused"},
    {On::rst_ack, "", "CLOSED", "error: connection refused", "second: refused"},
    {On::rst_in_window, ". 1 ack 1", "SYN-RECEIVED", "", "RFC 5961 §3.2: challenged"},
    {On::rst_above, "", "SYN-RECEIVED", "", "second: outside the window, ignored"},
    {On::rst_old, "", "SYN-RECEIVED", "", "second: outside the window, ignored"},
    {On::no_flags, "", "SYN-RECEIVED", "", "fifth: without ACK it is dropped"},
    {On::urgent, ". 1 ack 6", "ESTABLISHED", "5 readable, 3 urgent",
     "fifth, sixth, seventh: ESTABLISHED; the user is told how far it goes"},
    {On::retransmission, "S. 0 ack 1", "SYN-RECEIVED", "", "§3.8.1: the SYN,ACK again, after 1 s"},
    {On::give_up, "S. 0 ack 1", "CLOSED", "error: timed out",
     "§3.8.3: six SYN,ACKs again, as Linux, then the user is told"},
    {On::user_timeout, "S. 0 ack 1", "CLOSED", "error: timed out", "§3.10.8: the user is told"},
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, SynReceivedPassive) { play(In::syn_received_passive); }

TEST(Rfc9293, SynReceivedActive) { play(In::syn_received_active); }

}  // namespace

Rows syn_received_passive_rows() { return kSynReceivedPassive; }
Rows syn_received_active_rows() { return kSynReceivedActive; }

}  // namespace leat::testing
