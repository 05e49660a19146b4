// Makes a SystemCall by leat::Sockets.
#pragma once

#include <optional>
#include <string>

#include "drill/system_call.h"
#include "leat/time.h"
#include "socket/sockets.h"

namespace leat::drill {

/// A null `pending` means that the call does not block. Fills in result and error, unless the call waits: then the
/// Result is pending, and end_leat_call() fills them in when it is over.
Result begin_leat_call(Sockets& sockets, SystemCall& call, PendingCall* pending, Instant now);
void end_leat_call(Sockets& sockets, SystemCall& call, const Result& result, const PendingCall& pending);

/// The reason why Leat can never make this call, or nothing.
std::optional<std::string> leat_lacks(Sockets& sockets, const SystemCall& call);

}  // namespace leat::drill
