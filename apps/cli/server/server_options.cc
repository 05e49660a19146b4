#include "cli/server/server_options.h"

#include <fmt/core.h>

#include <algorithm>

#include "cli/units.h"
#include "cli/value_option.h"

namespace leat::command {

void add_server_options(CLI::App& command, ServerOptions& options, const std::string& timeout) {
  constexpr const char* kGroup = "Server options";
  constexpr std::uint64_t kMostClients = 100'000, kMostCores = 64;
  add_value(
      command, "-p,--port", "PORT",
      fmt::format("The port to listen on; 0 takes a free one. Default: {}.", options.port),
      [](std::string_view text) { return parse_number(text, 0, 65535); },
      [&options](std::uint64_t port) { options.port = static_cast<std::uint16_t>(port); })
      ->group(kGroup);
  add_value(
      command, "--max-clients", "N",
      fmt::format("How many connections are served at once, 1 to {}. More wait, connected, until one ends. Default: "
                  "{}, which leaves memory for a good client when all others send and never read.",
                  kMostClients, options.max_clients),
      [](std::string_view text) { return parse_number(text, 1, kMostClients); },
      [&options](std::uint64_t n) { options.max_clients = static_cast<std::size_t>(n); })
      ->group(kGroup);
  add_value(
      command, "--cores", "N",
      fmt::format(
          "Serve with N threads, 1 to {}, each on a CPU with a TCP of its own; the kernel gives each a part of "
          "the connections, and --max-clients is divided among them. Needs a tap: or tun: link, packet: with an "
          "address of its own, or xdp: on an interface with N queues. Default: 1.",
          kMostCores),
      [](std::string_view text) { return parse_number(text, 1, kMostCores); },
      [&options](std::uint64_t n) { options.cores = static_cast<unsigned>(n); })
      ->group(kGroup);
  add_value(
      command, "--timeout", "T", timeout,
      [](std::string_view text) { return parse_duration(text, std::chrono::hours(24 * 365)); },
      [&options](Duration d) {
        Patience& patience = options.patience;
        patience.request = patience.keep_alive = patience.sending = d;
        patience.lingering = std::min(patience.lingering, d);
      })
      ->group(kGroup);
}

}  // namespace leat::command
