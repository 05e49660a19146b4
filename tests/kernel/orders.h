// Orders: everything that a user and a peer can do to one connection, one letter a step, in every order. Each step is a
// line of drill's language (order_player.h), so that an order can be printed and played as a script.
//
//   user:  C connect  L listen  w write 10 bytes  r read all  s shutdown  c close  a abort (SO_LINGER 0 and close)
//   peer:  S SYN  Y SYN,ACK  k ACK of all  d 5 bytes of data  f FIN  x RST at exactly the next number
//          q RST,ACK of all, as a closed port answers
// The peer's segments acknowledge only what an earlier k (or Y) did, so that a FIN may cross the connection's own.
#pragma once

#include <string>
#include <vector>

namespace leat::testing {

/// "connect, peer: SYN,ACK, write, …" for the message of a failure.
std::string in_words(const std::string& order);

/// Every order in which connections can be opened, used and ended; some thousands.
std::vector<std::string> all_orders();

}  // namespace leat::testing
