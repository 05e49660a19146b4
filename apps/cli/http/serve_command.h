// leat serve: files over HTTP/1.1, or a recorded response.
#pragma once

#include <cstdint>
#include <string>

#include "cli/host/host_options.h"
#include "cli/http/served_http.h"
#include "cli/http/served_replay.h"
#include "cli/server/server_options.h"

namespace CLI {
class App;
}

namespace leat::command {

struct ServeOptions {
  ServeOptions();
  HostOptions host;
  ServerOptions server;
  std::string path;    ///< a folder or a file; empty with replay
  std::string replay;  ///< a recorded response
  Recording::When when = Recording::When::request;
  bool quiet = false;  ///< no log
};

void add_serve(CLI::App& app, int& exit_code);
/// The exit status.
int run_serve(ServeOptions& options);

}  // namespace leat::command
