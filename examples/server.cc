// Echoes received data on any number of connections at once, in one thread: that of the host.
//
//   server LINK ADDRESS/LEN PORT     e.g.  server packet:eth0 10.0.0.7/24 7
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "leat/event_loop.h"
#include "leat/host.h"

namespace {

/// One connection: the data that was read and not written. It stops reading while that data does not fit.
struct Echo {
  std::vector<std::uint8_t> waiting;

  /// Moves bytes until it must stop, and returns the reason. Error::none is the peer's FIN.
  leat::Error move_bytes(leat::EventLoop& loop, leat::SocketHandle socket) {
    for (;;) {
      if (waiting.empty()) {
        waiting.resize(65536);
        const auto n = loop.read(socket, waiting);
        waiting.resize(n.value_or(0));
        if (!n) return n.error();
        if (*n == 0) return leat::Error::none;
      }
      const auto taken = loop.write(socket, waiting);
      if (!taken) return taken.error();
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(*taken));
    }
  }
  void operator()(leat::EventLoop& loop, const leat::Event& event) {
    // After would_block an event follows. At the end a FIN follows the last byte. After an error nothing is left to do.
    if (move_bytes(loop, event.socket) != leat::Error::would_block) (void)loop.close(event.socket);
  }
};

}  // namespace

int main(int argc, char** argv) {
  const auto address = argc == 4 ? leat::IpPrefix::parse(argv[2]) : std::nullopt;
  const auto port = argc == 4 ? static_cast<std::uint16_t>(std::atoi(argv[3])) : std::uint16_t{0};
  if (!address || port == 0) return std::fputs("usage: server LINK ADDRESS/LEN PORT\n", stderr), 2;

  auto host = leat::Host::open({.link = argv[1], .addresses = {*address}});
  if (!host) return std::fprintf(stderr, "cannot open the link: %s\n", host.error().message.c_str()), 1;
  host->post([port](leat::EventLoop& loop) {
    const auto listener = loop.listen({leat::IpAddress::any_v4(), port});
    if (!listener) return std::fputs("cannot listen\n", stderr), std::exit(1);
    loop.set_handler(*listener, [](leat::EventLoop& l, const leat::Event& event) {
      while (const auto socket = l.accept(event.socket)) l.set_handler(*socket, Echo{});
    });
    std::puts("listening"), std::fflush(stdout);
  });
  while (::getchar() != EOF) continue;  // the end of standard input ends the server
}
