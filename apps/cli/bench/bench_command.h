// leat bench: throughput against iperf3, either way round, round trips, and connections a second.
#pragma once

namespace CLI {
class App;
}

namespace leat::command {

void add_bench(CLI::App& app, int& exit_code);

}  // namespace leat::command
