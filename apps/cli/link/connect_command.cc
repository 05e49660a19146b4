#include "cli/link/connect_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <vector>

#include "cli/complain.h"
#include "cli/host/host_options.h"
#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/link/stdio_relay.h"
#include "cli/signal_watch.h"
#include "cli/units.h"
#include "cli/value_option.h"
#include "http/resolver.h"

namespace leat::command {
namespace {

constexpr const char* kConnectGroup = "Connection options";
constexpr unsigned kRelayBacklog = 16;

constexpr const char* kConnectDescription = R"(connect standard input and output to a TCP connection

What comes on standard input goes to PORT of HOST, and what comes from there to standard output, both at the pace of
the slower side. The end of standard input closes our direction alone (FIN); what the peer still has to say is
written. The command ends when the peer has closed. What standard input has ready at that moment is still sent: it
goes on until it ends or is silent for a second; a terminal is not waited for.

With --listen, it waits for somebody to connect to PORT instead.)";

constexpr const char* kConnectFooter = R"(EXIT STATUS
  0    The peer has closed, or nothing moved for the time of --wait.
  1    No connection: the name is unknown, the host cannot be reached, it
       refuses, or --wait is over. Or the connection broke, or standard
       output was closed or could not be written.
  2    A bad option, no link, a link that cannot be opened, or a port in use.
  129, 130, 143
       Ended by SIGHUP, SIGINT or SIGTERM; the connection is reset.

)";

constexpr const char* kConnectExamples = R"(
EXAMPLES
  printf 'HEAD / HTTP/1.0\r\n\r\n' | leat connect 10.77.2.2 80
  leat connect --listen 5001 >received
  leat connect --wait 5 10.77.2.2 7

SEE ALSO
nc(1), telnet(1)
)";

struct ConnectCommand {
  HostOptions host;
  std::vector<std::string> where;  ///< [HOST] PORT
  bool listen = false;
  bool keep_listening = false;
  std::optional<Duration> wait;
  std::uint16_t source_port = 0;

  // From `where`.
  std::string name;
  std::uint16_t port = 0;
};

/// The relay that a signal interrupts, while there is one.
class CurrentRelay {
 public:
  void set(Relay* relay) {
    const std::lock_guard lock(mutex_);
    relay_ = relay;
    if (relay_ != nullptr && signal_ != 0) relay_->interrupt();
  }
  bool interrupt(int signal) {
    const std::lock_guard lock(mutex_);
    signal_ = signal;
    if (relay_ == nullptr) return false;
    relay_->interrupt();
    return true;
  }
  int signal() const {
    const std::lock_guard lock(mutex_);
    return signal_;
  }

 private:
  mutable std::mutex mutex_;
  Relay* relay_ = nullptr;
  int signal_ = 0;
};

class Runner {
 public:
  Runner(const ConnectCommand& options, Host& host, CurrentRelay& current)
      : options_(options), host_(host), current_(current) {}

  int run() { return options_.listen ? serve() : call(); }

 private:
  void tell(const std::string& text) const {
    if (options_.host.verbose) complain("connect", text);
  }

  int call() {
    http::SystemResolver resolver;
    const auto addresses = resolver.resolve(options_.name, options_.port);
    if (!addresses) {
      complain("connect", addresses.error());
      return kFailed;
    }
    for (const IpAddress& address : *addresses) {
      const Endpoint remote{address, options_.port};
      auto connection = host_.connect(remote, {.timeout = options_.wait, .local_port = options_.source_port});
      if (connection) {
        tell(fmt::format("connected to {} from {}", remote.to_string(), connection->local().to_string()));
        return relay(*connection);
      }
      complain("connect", fmt::format("{}: {}", remote.to_string(), to_string(connection.error())));
    }
    return kFailed;
  }

  int serve() {
    IpAddress local = IpAddress::any_v4();
    if (!options_.name.empty()) {
      const auto address = IpAddress::parse(options_.name);
      if (!address) {
        complain("connect", "\"" + options_.name + "\" is not an address to listen on");
        return kUsage;
      }
      local = *address;
    }
    std::optional<Listener> listener;
    int status = 0;
    do {
      if (!listener) {
        auto opened = host_.listen({local, options_.port}, kRelayBacklog);
        if (!opened) {
          complain("connect", fmt::format("cannot listen on port {}: {}", options_.port, to_string(opened.error())));
          return kUsage;
        }
        listener.emplace(std::move(*opened));
        tell("listening on " + listener->local().to_string());
      }
      auto connection = listener->accept();
      if (!connection) {
        complain("connect", std::string(to_string(connection.error())));
        return kFailed;
      }
      if (!options_.keep_listening) listener.reset();
      tell("connection from " + connection->remote().to_string());
      status = relay(*connection);
    } while (options_.keep_listening && current_.signal() == 0 && !output_failed_);
    return status;
  }

  int relay(Connection& connection) {
    Relay relay(connection, STDIN_FILENO, STDOUT_FILENO, options_.wait);
    current_.set(&relay);
    const Relay::Result result = relay.run();
    current_.set(nullptr);
    tell(fmt::format("{} bytes sent, {} received", result.sent, result.received));
    switch (result.end) {
      case Relay::End::finished: return 0;
      case Relay::End::idle: tell("nothing moved for the time of --wait"); return 0;
      case Relay::End::interrupted: return 128 + current_.signal();
      case Relay::End::output_failed: output_failed_ = true; break;
      case Relay::End::broken:
      case Relay::End::input_failed: break;
    }
    if (!result.why.empty()) complain("connect", result.why);
    return kFailed;
  }

  const ConnectCommand& options_;
  Host& host_;
  CurrentRelay& current_;
  bool output_failed_ = false;
};

int run_connect(ConnectCommand& options) {
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error
  if (auto ok = check_host_options(options.host); !ok) {
    complain("connect", ok.error());
    return kUsage;
  }
  CurrentRelay current;
  // Before the host, whose thread must not take the signals.
  const SignalWatch signals([&current](int signal) { return current.interrupt(signal); });
  auto hosts = open_hosts(options.host, [](const std::string& text) { complain("connect", text); });
  if (!hosts) return kUsage;
  Host& host = hosts->front();
  StatsPrinter stats(*hosts, options.host.stats);
  const int status = Runner(options, host, current).run();
  stats.finish();
  return status;
}

/// Takes `where` apart.
void read_where(ConnectCommand& options) {
  const std::size_t words = options.where.size();
  if (words == 0 || words > 2 || (words == 1 && !options.listen)) {
    throw CLI::ValidationError("connect", options.listen ? "give a PORT to listen on" : "give a HOST and a PORT");
  }
  const auto port = parse_number(options.where.back(), options.listen ? 0 : 1, 65535);
  if (!port) throw CLI::ValidationError("PORT", port.error());
  options.port = static_cast<std::uint16_t>(*port);
  if (words == 2) options.name = options.where.front();
  if (options.keep_listening && !options.listen) throw CLI::ValidationError("--keep", "it is for --listen");
  if (options.source_port != 0 && options.listen) {
    throw CLI::ValidationError("--source-port", "with --listen, PORT is what is listened on");
  }
}

}  // namespace

void add_connect(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<ConnectCommand>();
  ConnectCommand* o = options.get();
  CLI::App* command = app.add_subcommand("connect", kConnectDescription);
  command->footer(std::string(kConnectFooter) + kHostEnvironmentHelp + kConnectExamples);
  add_value(
      *command, "where", "[HOST] PORT", "Where to; with --listen, HOST is the address of ours to listen on.",
      [](std::string_view text) -> expected<std::string, std::string> { return std::string(text); },
      [o](std::string word) { o->where.push_back(std::move(word)); }, true)
      ->allow_extra_args(true);
  command->add_flag("-l,--listen", o->listen, "Wait for one connection to PORT.")->group(kConnectGroup);
  command->add_flag("-k,--keep", o->keep_listening, "With --listen: wait for the next one when one has ended.")
      ->group(kConnectGroup);
  add_value(
      *command, "-w,--wait", "T",
      "The longest that connecting may take, and the longest that nothing may move, such as 5 (seconds) or 500ms. "
      "Waiting for somebody to connect has no limit.",
      [](std::string_view text) { return parse_duration(text, kLongestWait); }, [o](Duration d) { o->wait = d; })
      ->group(kConnectGroup);
  add_value(
      *command, "-p,--source-port", "PORT", "The port of ours to connect from. Default: a random one.",
      [](std::string_view text) { return parse_number(text, 1, 65535); },
      [o](std::uint64_t port) { o->source_port = static_cast<std::uint16_t>(port); })
      ->group(kConnectGroup);
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] {
    read_where(*options);
    refuse_capture_on_output(options->host);
    exit_code = run_connect(*options);
  });
}

}  // namespace leat::command
