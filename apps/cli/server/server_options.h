// The options that every server command has: where it listens, for how many clients, and how patiently.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "cli/server/outflow.h"

namespace CLI {
class App;
}

namespace leat::command {

struct ServerOptions {
  std::uint16_t port = 0;
  std::size_t max_clients = 500;  ///< for which the 256 MB of a host's buffers suffice
  unsigned cores = 1;
  /// Each core's part, at least one.
  std::size_t clients_of_core(unsigned core) const {
    return std::max<std::size_t>(max_clients / cores + (core < max_clients % cores ? 1 : 0), 1);
  }
  Patience patience;
};

/// Adds them to a subcommand. `options.port` is the default; `timeout` says what --timeout is about.
void add_server_options(CLI::App& command, ServerOptions& options, const std::string& timeout);

}  // namespace leat::command
