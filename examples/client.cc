// Fetches a path from a web server over its own TCP/IP host, or sends standard input.
//
//   client LINK ADDRESS/LEN SERVER:PORT [/PATH]     e.g.  client packet:eth0 10.0.0.9/24 10.0.0.1:80 /index.html
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "leat/host.h"

namespace {

leat::expected<void, leat::Error> send(leat::Connection& connection, const char* path) {
  std::vector<std::uint8_t> data;
  if (path != nullptr) {
    const std::string request = "GET " + std::string(path) + " HTTP/1.0\r\nConnection: close\r\n\r\n";
    return connection.write_all({reinterpret_cast<const std::uint8_t*>(request.data()), request.size()});
  }
  data.resize(65536);
  while (const std::size_t n = std::fread(data.data(), 1, data.size(), stdin)) {
    if (auto sent = connection.write_all(std::span(data).first(n)); !sent) return sent;
  }
  return connection.shutdown();
}

int fail(const char* what, std::string_view why) {
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(why.size()), why.data());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto address = argc >= 4 ? leat::IpPrefix::parse(argv[2]) : std::nullopt;
  const auto remote = argc >= 4 ? leat::Endpoint::parse(argv[3]) : std::nullopt;
  if (!address || !remote) return fail("usage", "client LINK ADDRESS/LEN SERVER:PORT [/PATH]");

  auto host = leat::Host::open({.link = argv[1], .addresses = {*address}});
  if (!host) return fail("cannot open the link", host.error().message);
  auto connection = host->connect(*remote, {.timeout = std::chrono::seconds(10)});
  if (!connection) return fail("cannot connect", to_string(connection.error()));

  // Reads and writes at the same time, because either side may wait for the other.
  std::jthread sender([&] {
    if (auto sent = send(*connection, argc > 4 ? argv[4] : nullptr); !sent) fail("sending", to_string(sent.error()));
  });
  std::vector<std::uint8_t> buffer(65536);
  for (;;) {
    const auto n = connection->read(buffer);
    if (!n) return fail("receiving", to_string(n.error()));
    if (*n == 0) break;
    std::fwrite(buffer.data(), 1, *n, stdout);
  }
  (void)connection->close(std::chrono::seconds(5));
}
