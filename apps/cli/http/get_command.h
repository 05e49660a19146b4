// `leat get`: fetches URLs to files through a host of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/host/host_options.h"
#include "http/fetch_options.h"
#include "http/resolver.h"
#include "http/write_out.h"

namespace CLI {
class App;
}

namespace leat::command {

struct GetOptions {
  HostOptions host;
  http::FetchOptions fetch;
  std::vector<std::string> urls;
  std::vector<std::string> outputs;  ///< the first is the first URL's, and so on
  std::vector<http::ResolveEntry> resolve;
  std::optional<http::WriteOut> write_out;
  bool silent = false;
  bool show_error = false;  ///< -S: errors in spite of -s
};

/// Adds the subcommand. When it is chosen, it runs while `app` parses and leaves its status in `exit_code`.
void add_get(CLI::App& app, int& exit_code);

/// The command itself, after its options were read; gives its exit status.
int run_get(GetOptions& options);

}  // namespace leat::command
