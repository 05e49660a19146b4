// The effects of a successful system call on a script's world: the descriptors that it names and the connection that is
// under test. The functions are a column of the call table (call_table.h).
#pragma once

#include "drill/call_maker.h"
#include "drill/script.h"
#include "drill/system_call.h"
#include "drill/wire_state.h"

namespace leat::drill {

struct PlayedCall {
  const CallEvent& form;
  const SystemCall& call;
  WireState& wire;
  Descriptors& descriptors;
};

/// The result is a new descriptor.
void note_descriptor(const PlayedCall& played);
void note_socket(const PlayedCall& played);
void note_bind(const PlayedCall& played);
void note_connect(const PlayedCall& played);
void note_listen(const PlayedCall& played);
void note_accept(const PlayedCall& played);
void note_close(const PlayedCall& played);
void note_pipe(const PlayedCall& played);

}  // namespace leat::drill
