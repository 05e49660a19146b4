// CLOSED: no connection and no listener (RFC 9293 §3.10, §3.10.7.1).
#include "stack/testing/rfc9293_table.h"

namespace leat::testing {
namespace {

constexpr Row kClosedRows[] = {
    {On::open_active, "S 0", "SYN-SENT", "ok", "§3.10.1: SYN, and SYN-SENT"},
    {On::open_passive, "", "LISTEN", "ok", "§3.10.1: LISTEN"},
    {On::send, "", "CLOSED", "no such socket", "§3.10.2: there is no connection"},
    {On::receive, "", "CLOSED", "no such socket", "§3.10.3: there is no connection"},
    {On::shutdown, "", "CLOSED", "no such socket", "§3.10.4: there is no connection"},
    {On::close, "", "CLOSED", "no such socket", "§3.10.4: there is no connection"},
    {On::abort, "", "CLOSED", "no such socket", "§3.10.5: there is no connection"},
    {On::status, "", "CLOSED", "CLOSED", "§3.10.6"},
    {On::syn_again, "R. 0 ack 1", "CLOSED", "", "§3.10.7.1: without ACK the RST acknowledges it"},
    {On::syn_in_window, "R. 0 ack 12", "CLOSED", "", "§3.10.7.1: without ACK the RST acknowledges it"},
    {On::syn_above, "R. 0 ack 100002", "CLOSED", "", "§3.10.7.1: without ACK the RST acknowledges it"},
    {On::syn_ack, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::ack, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::ack_old, "R 0", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::ack_ancient, "R -69999", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::ack_future, "R 2", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::data, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::data_ahead, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::data_old, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::data_overlap, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::data_above, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::fin, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::fin_data, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::fin_ahead, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::fin_again, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::fin_ack, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    {On::rst, "", "CLOSED", "", "§3.10.7.1: a RST is never answered"},
    {On::rst_ack, "", "CLOSED", "", "§3.10.7.1: a RST is never answered"},
    {On::rst_in_window, "", "CLOSED", "", "§3.10.7.1: a RST is never answered"},
    {On::rst_above, "", "CLOSED", "", "§3.10.7.1: a RST is never answered"},
    {On::rst_old, "", "CLOSED", "", "§3.10.7.1: a RST is never answered"},
    {On::no_flags, "R. 0 ack 6", "CLOSED", "", "§3.10.7.1: without ACK the RST acknowledges it"},
    {On::urgent, "R 1", "CLOSED", "", "§3.10.7.1: nobody is here: a RST that the sender takes for its own"},
    impossible(On::retransmission, "no connection, no timer"),
    impossible(On::give_up, "no connection, no timer"),
    impossible(On::user_timeout, "no connection, no timer"),
    impossible(On::time_wait_over, "no connection, no timer"),
};

TEST(Rfc9293, Closed) { play(In::closed); }

}  // namespace

Rows closed_rows() { return kClosedRows; }

}  // namespace leat::testing
