#include "cli/link/echo_command.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "cli/complain.h"
#include "cli/host/host_options.h"
#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/link/served_echo.h"
#include "cli/server/server_options.h"
#include "cli/value_option.h"

namespace leat::command {
namespace {

/// Of each connection: little, so that many clients that send and never read leave memory for others.
constexpr std::size_t kReceiveBuffer = std::size_t{64} << 10;

constexpr const char* kEchoDescription = R"(send back whatever arrives

The echo service of RFC 862, on a host of its own: what a client sends comes back, all of it, also when the client has
closed its sending side before. A client may be silent for as long as it likes, but must take what comes back.)";

constexpr const char* kEchoFooter = R"(EXIT STATUS
  2    A bad option, no link, a link that cannot be opened, or a port in use.
  129, 130, 143
       Ended by SIGHUP, SIGINT or SIGTERM. The first one stops accepting and
       lets the connections finish; a second one resets them.

EXAMPLES
  leat echo &
  telnet 10.77.1.2 7
  printf hello | nc -N 10.77.1.2 7

)";

struct EchoOptions {
  EchoOptions() {
    server.port = 7;
    host.config.tcp.receive_buffer = kReceiveBuffer;
    host.config.tcp.keep_alive = KeepAlive{};  // clients that vanish while they are silent must not stay for ever
  }
  HostOptions host;
  ServerOptions server;
};

int run_echo(EchoOptions& options) {
  if (auto ok = check_host_options(options.host); !ok) {
    complain("echo", ok.error());
    return 2;
  }
  ServerSignals signals;
  const auto make = [&](EventLoop& loop, SocketHandle socket, SendMemory& memory) {
    return std::make_unique<ServedEcho>(socket, options.server.patience, memory, loop.now());
  };
  Servers servers;
  for (unsigned core = 0; core < options.server.cores; ++core) {
    servers.emplace_back(make, options.server.clients_of_core(core));
  }
  auto hosts = open_hosts(
      options.host, [](const std::string& text) { complain("echo", text); }, options.server.cores);
  if (!hosts) return 2;
  StatsPrinter stats(*hosts, options.host.stats);
  const int status = run_servers(
      *hosts, servers, signals, options.server.port,
      [](const Endpoint& local) { fmt::print(stderr, "Echoing on port {}\n", local.port); },
      [](const std::string& text) { complain("echo", text); });
  stats.finish();
  return status;
}

}  // namespace

void add_echo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EchoOptions>();
  CLI::App* command = app.add_subcommand("echo", kEchoDescription);
  command->footer(std::string(kEchoFooter) + kHostEnvironmentHelp);
  add_server_options(*command, options->server,
                     "How long a client may leave what waits for it without acknowledging any of it, before it is "
                     "reset. Default: 60s.");
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] { exit_code = run_echo(*options); });
}

}  // namespace leat::command
