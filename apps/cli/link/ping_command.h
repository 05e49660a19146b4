// leat ping: ICMP echo requests, as ping sends them.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

void add_ping(CLI::App& app, int& exit_code);

}  // namespace leat::command
