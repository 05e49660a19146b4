// Scripts: what a user and a peer do, one letter a step, and all the orders in which they can do it.
//
//   user:  C connect  L listen  w write 10 bytes  r read all  s shutdown  c close  a abort (SO_LINGER 0 and close)
//   peer:  S SYN  Y SYN,ACK  k ACK of all  d 5 bytes of data  f FIN  x RST at exactly the next number
//          q RST,ACK of all, as a closed port answers
// What the peer sends acknowledges only what an earlier k (or Y) did, so that a FIN may cross ours.
#pragma once

#include <string>
#include <vector>

#include "kernel/subject.h"

namespace leat::testing {

/// What the subject sent at each step.
using Transcript = std::vector<std::string>;

Transcript play(Subject& subject, const std::string& script);
/// "connect, peer: SYN,ACK, write, …" for a failure's message.
std::string in_words(const std::string& script);

/// Every order of everything in which connections can be opened, used and ended; some thousands.
std::vector<std::string> all_scripts();

}  // namespace leat::testing
