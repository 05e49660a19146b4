// Makes a SystemCall by the C library's function of that name.
#pragma once

#include "drill/system_call.h"

namespace leat::drill {

/// Makes the call, which may block. Fills in its result, its error and the data that it stores.
void make_kernel_call(SystemCall& call);
/// True for a call that this player does not make.
bool kernel_lacks(const SystemCall& call);

}  // namespace leat::drill
