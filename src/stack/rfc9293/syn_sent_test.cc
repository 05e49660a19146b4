// SYN-SENT (RFC 9293 §3.10, §3.10.7.3): our SYN is out and the peer is silent.
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kSynSentRows[] = {
    {On::open_active, "", "SYN-SENT", "address already in use", "a connection with this 4-tuple exists"},
    {On::open_passive, "", "SYN-SENT", "ok", "a listener is another object: it takes nothing from the connection"},
    {On::send, "", "SYN-SENT", "5 bytes", "§3.10.2: queued until ESTABLISHED"},
    {On::receive, "", "SYN-SENT", "operation would block", "§3.10.3: queued (here: try again)"},
    {On::shutdown, "", "SYN-SENT", "ok", "the FIN is queued behind the data until ESTABLISHED"},
    {On::close, "", "CLOSED", "ok", "§3.10.4: deleted; the peer has heard nothing that it may answer"},
    {On::abort, "", "CLOSED", "ok", "§3.10.5: deleted, no RST"},
    {On::status, "", "SYN-SENT", "SYN-SENT", "§3.10.6"},
    {On::syn_again, "S. 0 ack 1", "SYN-RECEIVED", "", "§3.10.7.3 fourth: simultaneous open"},
    {On::syn_in_window, "S. 0 ack 12", "SYN-RECEIVED", "", "§3.10.7.3 fourth: simultaneous open, any number will do"},
    {On::syn_above, "S. 0 ack 100002", "SYN-RECEIVED", "", "§3.10.7.3 fourth: simultaneous open, any number will do"},
    {On::syn_ack, ". 1 ack 1", "ESTABLISHED", "", "§3.10.7.3 fourth: our SYN is acknowledged"},
    {On::ack, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::ack_old, "R 0", "SYN-SENT", "", "§3.10.7.3 first: an ACK of something not sent: RST"},
    {On::ack_ancient, "R -69999", "SYN-SENT", "", "§3.10.7.3 first: an ACK of something not sent: RST"},
    {On::ack_future, "R 2", "SYN-SENT", "", "§3.10.7.3 first: an ACK of something not sent: RST"},
    {On::data, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::data_ahead, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::data_old, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::data_overlap, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::data_above, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::fin, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::fin_data, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::fin_ahead, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::fin_again, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::fin_ack, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::rst, "", "SYN-SENT", "", "§3.10.7.3 second: without ACK anybody could have sent it: dropped"},
    {On::rst_ack, "", "CLOSED", "error: connection refused", "§3.10.7.3 second: refused"},
    {On::rst_in_window, "", "SYN-SENT", "", "§3.10.7.3 second: without ACK anybody could have sent it: dropped"},
    {On::rst_above, "", "SYN-SENT", "", "§3.10.7.3 second: without ACK anybody could have sent it: dropped"},
    {On::rst_old, "", "SYN-SENT", "", "§3.10.7.3 second: without ACK anybody could have sent it: dropped"},
    {On::no_flags, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::urgent, "", "SYN-SENT", "", "§3.10.7.3 fifth: neither SYN nor RST: dropped"},
    {On::retransmission, "S 0", "SYN-SENT", "", "§3.8.1: the SYN again, after 1 s"},
    {On::give_up, "S 0", "CLOSED", "error: timed out", "§3.8.3: six SYNs again, as Linux, then the user is told"},
    {On::user_timeout, "S 0", "CLOSED", "error: timed out", "§3.10.8: the user is told"},
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, SynSent) { play(In::syn_sent); }

}  // namespace

Rows syn_sent_rows() { return kSynSentRows; }

}  // namespace leat::testing
