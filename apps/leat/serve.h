// leat serve: files over HTTP/1.1, or a recorded response.
#pragma once

#include <cstdint>
#include <string>

#include "host_options.h"
#include "served_http.h"
#include "served_replay.h"

namespace CLI {
class App;
}

namespace leat::command {

struct ServeOptions {
  HostOptions host;
  std::uint16_t port = 8080;
  std::string path;    ///< a folder or a file; empty with replay
  std::string replay;  ///< a recorded response
  Recording::When when = Recording::When::request;
  HttpPatience patience;
  bool quiet = false;  ///< no log
};

void add_serve(CLI::App& app, int& exit_code);
/// The exit status.
int run_serve(ServeOptions& options);

}  // namespace leat::command
