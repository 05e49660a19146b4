// What `leat serve` does once its options are read. Called by serve.cc.
#include <fcntl.h>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <optional>
#include <vector>

#include "cli/complain.h"
#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/http/serve_command.h"
#include "http/server/access_log.h"

namespace leat::command {
namespace {

void log(const std::string& line) {
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
}

std::string client_of(EventLoop& loop, SocketHandle socket) {
  const auto remote = loop.remote(socket);
  return remote ? remote->address.to_string() : "-";
}

/// Each answer that is under way holds a file open.
void allow_many_files() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
}

/// Opens the hosts and serves with objects that the factory of each core makes.
int serve_with(const ServeOptions& options, const std::function<Server::Factory(unsigned core)>& factory_of,
               const std::string& what) {
  ServerSignals signals;
  Servers servers;
  for (unsigned core = 0; core < options.server.cores; ++core) {
    servers.emplace_back(factory_of(core), options.server.clients_of_core(core));
  }
  auto hosts = open_hosts(
      options.host, [](const std::string& text) { complain("serve", text); }, options.server.cores);
  if (!hosts) return 2;
  StatsPrinter stats(*hosts, options.host.stats);
  const auto banner = [&](const Endpoint& local) {
    std::string where;
    for (const IpPrefix& prefix : options.host.config.addresses) {
      where += fmt::format(" http://{}:{}/", prefix.address.to_string(), local.port);
    }
    fmt::print(stderr, "Serving {} on{}\n", what, where.empty() ? fmt::format(" port {}", local.port) : where);
  };
  const int status = run_servers(*hosts, servers, signals, options.server.port, banner,
                                 [](const std::string& text) { complain("serve", text); });
  stats.finish();
  return status;
}

int serve_site(const ServeOptions& options) {
  std::vector<http::Site> sites;  // of each core one: they remember pages
  while (sites.size() < options.server.cores) {
    auto site = http::Site::open(options.path);
    if (!site) {
      complain("serve", site.error());
      return 2;
    }
    sites.push_back(std::move(*site));
  }
  const auto now = [] { return std::time(nullptr); };
  // The one who asks is not known to a session, so that each has a context of its own.
  struct Client final : Served {
    Client(SocketHandle socket, http::Session::Context c, const Patience& patience, SendMemory& memory, Instant now)
        : context(std::move(c)), http(socket, context, patience, memory, now) {}
    Plan on_event(EventLoop& loop) override { return http.on_event(loop); }
    void stop() override { http.stop(); }
    http::Session::Context context;
    ServedHttp http;
  };
  const auto make = [&](const http::Site& site, EventLoop& loop, SocketHandle socket,
                        SendMemory& memory) -> std::unique_ptr<Served> {
    http::Session::Context context{site, now, {}};
    if (!options.quiet) {
      context.log = [client = client_of(loop, socket)](const http::Exchange& exchange) {
        log(http::log_line(client, std::time(nullptr), exchange));
      };
    }
    return std::make_unique<Client>(socket, std::move(context), options.server.patience, memory, loop.now());
  };
  const auto of_core = [&](unsigned core) {
    return [&make, &site = sites[core]](EventLoop& loop, SocketHandle socket, SendMemory& memory) {
      return make(site, loop, socket, memory);
    };
  };
  return serve_with(options, of_core, options.path);
}

int serve_recording(const ServeOptions& options) {
  const int fd = ::open(options.replay.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat s {};
  if (fd < 0 || ::fstat(fd, &s) != 0) {
    complain("serve", options.replay + ": " + std::strerror(errno));
    return 2;
  }
  Recording recording{std::make_shared<http::SharedFile>(fd), static_cast<std::uint64_t>(s.st_size), options.when};
  if (!S_ISREG(s.st_mode)) {
    complain("serve", options.replay + ": not a regular file");
    return 2;
  }
  const auto make = [&](EventLoop& loop, SocketHandle socket, SendMemory& memory) -> std::unique_ptr<Served> {
    ServedReplay::Log note;
    if (!options.quiet) {
      note = [client = client_of(loop, socket)](std::uint64_t bytes, bool whole) {
        log(http::log_line(client, std::time(nullptr), {"", "", 11, whole ? 200u : 499u, bytes}));
      };
    }
    return std::make_unique<ServedReplay>(socket, recording, options.server.patience, memory, std::move(note),
                                          loop.now());
  };
  return serve_with(
      options, [&](unsigned) { return make; }, options.replay);
}

}  // namespace

int run_serve(ServeOptions& options) {
  if (auto ok = check_host_options(options.host); !ok) {
    complain("serve", ok.error());
    return 2;
  }
  allow_many_files();
  ::signal(SIGPIPE, SIG_IGN);  // nobody may read the log
  return options.replay.empty() ? serve_site(options) : serve_recording(options);
}

}  // namespace leat::command
