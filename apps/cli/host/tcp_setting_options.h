// The options of a host's TCP: sizes, times, retries, congestion control.
#pragma once

#include "leat/tcp_settings.h"

namespace CLI {
class App;
}

namespace leat::command {

/// Adds them to a subcommand. Bad values end the parsing with a CLI::ValidationError that says what is wanted.
void add_tcp_options(CLI::App& command, TcpSettings& tcp);

}  // namespace leat::command
