// `leat connect`: standard input to a TCP connection and the connection to standard output, as nc(1) does.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

/// Adds the subcommand. When it is chosen, it runs while `app` parses and leaves its status in `exit_code`.
void add_connect(CLI::App& app, int& exit_code);

}  // namespace leat::command
