// The subcommand `leat drill`: plays TCP scripts against Leat in virtual time.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

void add_drill(CLI::App& app, int& exit_code);

}  // namespace leat::command
