// LISTEN (RFC 9293 §3.10, §3.10.7.2).
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kListenRows[] = {
    {On::open_active, "", "LISTEN", "address already in use",
     "a listener stays one: §3.10.1 would turn it into a connection, sockets never do"},
    {On::open_passive, "", "LISTEN", "address already in use", "§3.10.1: somebody listens there already"},
    {On::send, "", "LISTEN", "not connected", "§3.10.2: a listener has no peer"},
    {On::receive, "", "LISTEN", "not connected", "§3.10.3: a listener has no peer"},
    {On::shutdown, "", "LISTEN", "not connected", "§3.10.4: a listener has no peer"},
    {On::close, "", "CLOSED", "ok", "§3.10.4"},
    {On::abort, "", "CLOSED", "ok", "§3.10.5"},
    {On::status, "", "LISTEN", "LISTEN", "§3.10.6"},
    {On::syn_again, "S. 0 ack 1", "SYN-RECEIVED", "", "§3.10.7.2 third: SYN,ACK"},
    {On::syn_in_window, "S. 0 ack 12", "SYN-RECEIVED", "", "§3.10.7.2 third: SYN,ACK"},
    {On::syn_above, "S. 0 ack 100002", "SYN-RECEIVED", "", "§3.10.7.2 third: SYN,ACK"},
    {On::syn_ack, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::ack, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::ack_old, "R 0", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::ack_ancient, "R -69999", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::ack_future, "R 2", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::data, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::data_ahead, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::data_old, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::data_overlap, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::data_above, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::fin, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::fin_data, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::fin_ahead, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::fin_again, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::fin_ack, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    {On::rst, "", "LISTEN", "", "§3.10.7.2 first: ignored"},
    {On::rst_ack, "", "LISTEN", "", "§3.10.7.2 first: ignored"},
    {On::rst_in_window, "", "LISTEN", "", "§3.10.7.2 first: ignored"},
    {On::rst_above, "", "LISTEN", "", "§3.10.7.2 first: ignored"},
    {On::rst_old, "", "LISTEN", "", "§3.10.7.2 first: ignored"},
    {On::no_flags, "", "LISTEN", "", "§3.10.7.2 fourth: dropped"},
    {On::urgent, "R 1", "LISTEN", "", "§3.10.7.2 second: an ACK for a listener is bad: RST"},
    impossible(On::retransmission, "a listener sends nothing"),
    impossible(On::give_up, "a listener sends nothing"),
    impossible(On::user_timeout, "a listener sends nothing"),
    impossible(On::time_wait_over, "this timer runs in TIME-WAIT only"),
};

TEST(Rfc9293, Listen) { play(In::listen); }

}  // namespace

Rows listen_rows() { return kListenRows; }

}  // namespace leat::testing
