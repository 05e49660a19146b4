// bench/path_limit: an iperf3 server on a minimal TCP, directly on a path of frames into and out of user space. Its
// throughput is the limit of the path, with which `leat bench -s` is compared. It runs one test of one stream in either
// direction (iperf3 -c ADDRESS [-R]), and writes statistics to standard error.
//   path_limit tap|tap-plain|tap-single|packet|packet-plain|xdp INTERFACE ADDRESS
// ADDRESS must not be the kernel's. "plain" means single frames of 1514 bytes, "tap-single" the same with one system
// call for each frame.
#include <arpa/inet.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "iperf_server.h"
#include "path.h"

namespace leat::path_limit {

void fail(const char* what) {
  std::fprintf(stderr, "path_limit: cannot %s: %s\n", what, std::strerror(errno));
  std::exit(1);
}

namespace {

// The amount in flight is as large as helps, and at most as large as the queues: a thousand frames of any size, or 256
// for a veth in front of an XDP program.
constexpr Windows kMany{8000 << 10, 8000 << 10}, kPlainPacket{4000 << 10, 1000 << 10};
constexpr Windows kPlain{1000 << 10, 1000 << 10}, kXdp{340 << 10, 1000 << 10};

struct Kind {
  std::string_view name;
  std::unique_ptr<Path> (*open)(const std::string& interface);
  Windows windows;
};
const Kind kKinds[] = {
    {"tap", open_tap_super, kMany},
#ifdef LEAT_HAVE_URING
    {"tap-plain", open_tap_batch, kPlain},
#else
    {"tap-plain", open_tap_plain, kPlain},
#endif
    {"tap-single", open_tap_plain, kPlain},
    {"packet", open_packet_super, kMany},
    {"packet-plain", open_packet_plain, kPlainPacket},
#ifdef LEAT_HAVE_XDP
    {"xdp", open_xdp, kXdp},
#endif
};

int serve(const Kind& kind, const std::string& interface, in_addr_t address) {
  const std::unique_ptr<Path> path = kind.open(interface);
  const auto server = std::make_unique<IperfServer>(*path, address, kind.windows);
  std::puts("Listening");
  std::fflush(stdout);
  server->run();
  server->report();
  return 0;
}

}  // namespace
}  // namespace leat::path_limit

int main(int argc, char** argv) {
  using namespace leat::path_limit;
  in_addr address{};
  if (argc == 4 && ::inet_pton(AF_INET, argv[3], &address) == 1) {
    for (const Kind& kind : kKinds) {
      if (kind.name == argv[1]) return serve(kind, argv[2], address.s_addr);
    }
  }
  std::fprintf(stderr, "usage: path_limit tap|tap-plain|tap-single|packet|packet-plain|xdp INTERFACE ADDRESS\n");
  return 2;
}
