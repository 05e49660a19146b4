// What --stats prints, as text: counters as nstat(8) does, connections as ss(8) -ti does. Pure.
#pragma once

#include <string>

#include "leat/address.h"
#include "leat/counters.h"
#include "leat/host.h"
#include "leat/statistics.h"

namespace leat::command {

/// One line a counter that is not zero, then one a drop reason.
std::string counters_text(const Counters& counters);

/// "impair in:loss=5%,seed=1 …", one line: what it saw and did, then the mean and the longest delay.
std::string impairment_text(const ImpairmentReport& report);

/// "link tap:leat0 …", one line, and one for each impairment.
std::string link_text(const LinkInfo& link);

/// Buffers in use and free by size, and how many there are of what else takes memory.
std::string memory_text(const MemoryInfo& memory);

/// The line above connections.
std::string connection_heading();

/// State, queues and addresses, then the facts on a second, indented line. Units are ss's: times in milliseconds, the
/// congestion window in segments.
std::string connection_text(const SocketInfo& socket);

}  // namespace leat::command
