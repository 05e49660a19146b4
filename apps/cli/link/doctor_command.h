// `leat doctor`: which links work here, why others do not, and what would make them work.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

/// Adds the subcommand; it runs when the command line is parsed, and leaves its exit status in `exit_code`.
void add_doctor(CLI::App& app, int& exit_code);

}  // namespace leat::command
