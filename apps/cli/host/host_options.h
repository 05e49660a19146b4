// The options that every command with a host of its own has: where it stands on the network, and how its TCP behaves.
#pragma once

#include <optional>
#include <string>

#include "cli/common_options.h"
#include "leat/expected.h"
#include "leat/host.h"
#include "leat/time.h"

namespace CLI {
class App;
}

namespace leat::command {

struct HostOptions {
  HostConfig config;
  bool verbose = false;
  StatsOption stats;
};

/// Adds them to a subcommand. Bad values end the parsing with a CLI::ValidationError that says what is wanted.
void add_host_options(CLI::App& command, HostOptions& options);

/// For commands that write to standard output: --pcap - ends the parsing with a CLI::ValidationError.
void refuse_capture_on_output(const HostOptions& options);

/// Fills in what the environment and the system have to say (the default link), then judges what one option alone
/// cannot tell: a link and an address are there, the gateway is on a subnet of ours. The error is a text for people, of
/// several lines, that says what to do.
expected<void, std::string> check_host_options(HostOptions& options);

/// The text for --help's section ENVIRONMENT.
extern const char* const kHostEnvironmentHelp;

}  // namespace leat::command
