// `leat lab`: a small Internet to try things in, without touching the machine's own network.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

/// Adds the subcommand. When it is chosen, it runs while `app` parses and leaves its status in `exit_code`.
void add_lab(CLI::App& app, int& exit_code);

}  // namespace leat::command
