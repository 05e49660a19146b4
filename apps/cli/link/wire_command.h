// `leat wire`: joins two devices as a cable that can be made faulty.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

/// Adds the subcommand. When it is chosen, it runs while `app` parses and leaves its status in `exit_code`.
void add_wire(CLI::App& app, int& exit_code);

}  // namespace leat::command
