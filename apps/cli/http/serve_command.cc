#include "cli/http/serve_command.h"

#include <memory>

#include "cli/value_option.h"

namespace leat::command {
namespace {

constexpr const char* kServeGroup = "Server options";

constexpr const char* kServeDescription =
    R"(serve files over HTTP, or a recorded response, through a TCP/IP stack of its own

PATH is a folder, whose files are served with everything beneath it and nothing else, or one file. Clients get
HTTP/1.1 with persistent connections, pipelining, ranges and conditional requests; a folder shows its index.html, or
a listing. Names that begin with a dot are not listed. Symbolic links are followed where they stay inside the folder.

With --replay FILE every client gets the bytes of FILE, whatever it asks: a whole HTTP response that was recorded
somewhere, or anything else. The connection is closed in such a way that the client has everything first.)";

constexpr const char* kServeFooter = R"(EXIT STATUS
  2    A bad option, no link, a link that cannot be opened, a port in use, or
       a PATH or FILE that cannot be read.
  129, 130, 143
       Ended by SIGHUP, SIGINT or SIGTERM. The first one stops accepting and
       lets what has begun finish; a second one resets it.

OUTPUT
One line a request on standard output, in the common log format: client, time, request, status, bytes of the body
that were sent. With --replay, the request is "-", the status 200 when the client has everything and 499 when not,
and the bytes are those that the client has acknowledged.

EXAMPLES
  leat serve .
  leat serve --port 80 --replay response.http

SEE ALSO
curl(1), wget(1), nc(1)

)";

expected<Recording::When, std::string> parse_when(std::string_view text) {
  if (text == "request") return Recording::When::request;
  if (text == "connect") return Recording::When::connect;
  if (text == "idle") return Recording::When::idle;
  return unexpected("\"" + std::string(text) + "\" is not one of request, connect, idle");
}

}  // namespace

ServeOptions::ServeOptions() {
  server.port = 8080;
  // Requests are small, and clients that send and never read must leave memory for others.
  host.config.tcp.receive_buffer = std::size_t{64} << 10;
}

void add_serve(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ServeOptions>();
  ServeOptions* o = options.get();
  CLI::App* command = app.add_subcommand("serve", kServeDescription);
  command->footer(std::string(kServeFooter) + kHostEnvironmentHelp);
  const auto any = [](std::string_view text) -> expected<std::string, std::string> {
    if (text.empty()) return unexpected(std::string("an empty name"));
    return std::string(text);
  };
  add_value(*command, "path", "PATH", "A folder or a file.", any, [o](std::string path) { o->path = std::move(path); });
  add_server_options(*command, o->server,
                     "How long a client may take for a whole request (default: 30s), be silent before the first one "
                     "and between two (60s), and leave what it asked for without acknowledging any of it (60s).");
  add_value(*command, "--replay", "FILE", "Send the bytes of FILE to each client, in place of serving PATH.", any,
            [o](std::string file) { o->replay = std::move(file); })
      ->group(kServeGroup);
  add_value(*command, "--when", "WHEN",
            "When --replay begins: request (at the end of the request's head, or when the client has closed its "
            "sending side; the default), connect (at once), or idle (as request, or when the client has been silent "
            "for 200 ms).",
            parse_when, [o](Recording::When when) { o->when = when; })
      ->group(kServeGroup);
  command->add_flag("-q,--quiet", o->quiet, "No line for each request.")->group(kServeGroup);
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] {
    if (options->path.empty() == options->replay.empty()) {
      throw CLI::ValidationError("serve", "give a PATH to serve, or --replay FILE");
    }
    refuse_capture_on_output(options->host);
    exit_code = run_serve(*options);
  });
}

}  // namespace leat::command
