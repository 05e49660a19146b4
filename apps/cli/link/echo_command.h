// leat echo: the echo service.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

void add_echo(CLI::App& app, int& exit_code);

}  // namespace leat::command
