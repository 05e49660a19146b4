#include "drill/call_effects.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace leat::drill {
namespace {

int script_fd(const PlayedCall& played) { return static_cast<int>(played.form.arguments[0].number); }
int new_script_fd(const PlayedCall& played) { return static_cast<int>(played.form.result.number); }
int new_live_fd(const PlayedCall& played) { return static_cast<int>(played.call.result); }

std::uint8_t protocol_of(std::int64_t type) {
  switch (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) {
    case SOCK_STREAM: return kProtocolTcp;
    case SOCK_DGRAM: return kProtocolUdp;
    default: return 0;
  }
}

}  // namespace

void note_descriptor(const PlayedCall& played) { played.descriptors[new_script_fd(played)] = new_live_fd(played); }

void note_socket(const PlayedCall& played) {
  note_descriptor(played);
  played.wire.on_socket(new_script_fd(played), new_live_fd(played), protocol_of(played.call.number[1]));
}

void note_bind(const PlayedCall& played) { played.wire.on_bind(script_fd(played)); }

/// A connection's flow is made before the call (its SYN may leave before connect() returns), so only AF_UNSPEC, which
/// dissolves one, is left to note.
void note_connect(const PlayedCall& played) {
  if (played.call.address.ss_family == AF_UNSPEC) played.wire.on_disconnect(script_fd(played));
}

void note_listen(const PlayedCall& played) { played.wire.on_listen(script_fd(played)); }

void note_accept(const PlayedCall& played) {
  note_descriptor(played);
  std::uint16_t port = 0;  // at the same place in both families
  std::memcpy(&port, reinterpret_cast<const char*>(&played.call.address) + 2, sizeof port);
  played.wire.on_accept(new_script_fd(played), new_live_fd(played), ntohs(port));
}

void note_close(const PlayedCall& played) {
  played.wire.on_close(script_fd(played));
  played.descriptors.erase(script_fd(played));
}

void note_pipe(const PlayedCall& played) {
  const auto& ends = played.form.arguments[0].items;
  for (std::size_t i = 0; i < 2; ++i) played.descriptors[static_cast<int>(ends[i].number)] = played.call.pipe[i];
}

}  // namespace leat::drill
