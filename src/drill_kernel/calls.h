// Makes a SystemCall by the C library's function of that name.
#pragma once

#include "drill/system_call.h"

namespace leat::drill {

/// Fills in result and error, and what the call stores. Blocks as the call does.
void make_kernel_call(SystemCall& call);
/// True for a call that this player does not make.
bool kernel_lacks(const SystemCall& call);

}  // namespace leat::drill
