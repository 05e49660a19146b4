#include "echo.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "host_options.h"
#include "options.h"
#include "served_echo.h"
#include "stats_printer.h"
#include "units.h"

namespace leat::command {
namespace {

constexpr const char* kDescription = R"(send back whatever arrives

The echo service of RFC 862, on a host of its own: what a client sends comes back, all of it, also when the client has
closed its sending side before. Any number of clients at once.)";

constexpr const char* kFooter = R"(EXIT STATUS
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
  HostOptions host;
  std::uint16_t port = 7;
};

void complain(const std::string& text) { std::fputs(("leat echo: " + text + "\n").c_str(), stderr); }

int run_echo(EchoOptions& options) {
  if (auto ok = check_host_options(options.host); !ok) {
    complain(ok.error());
    return 2;
  }
  ServerSignals signals;
  Server server([](EventLoop&, SocketHandle socket) { return std::make_unique<ServedEcho>(socket); });
  HostConfig config = options.host.config;
  config.on_warning = complain;
  auto host = Host::open(config);
  if (!host) {
    complain(host.error().message);
    return 2;
  }
  std::optional<StatsPrinter> stats;
  if (options.host.stats.wanted) stats.emplace(*host, options.host.stats.interval);
  const int status = run_server(
      *host, server, signals, options.port,
      [](const Endpoint& local) { fmt::print(stderr, "Echoing on port {}\n", local.port); }, complain);
  if (stats) stats->finish();
  return status;
}

}  // namespace

void add_echo(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<EchoOptions>();
  CLI::App* command = app.add_subcommand("echo", kDescription);
  command->footer(std::string(kFooter) + kHostEnvironmentHelp);
  add_value(
      *command, "-p,--port", "PORT", "The port to listen on. Default: 7.",
      [](std::string_view text) { return parse_number(text, 0, 65535); },
      [o = options.get()](std::uint64_t port) { o->port = static_cast<std::uint16_t>(port); });
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] { exit_code = run_echo(*options); });
}

}  // namespace leat::command
