#include "cli/bench/bench_command.h"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "cli/bench/connect_rate.h"
#include "cli/bench/iperf_client.h"
#include "cli/bench/iperf_server.h"
#include "cli/bench/ping_pong.h"
#include "cli/complain.h"
#include "cli/console.h"
#include "cli/host/host_options.h"
#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/signal_watch.h"
#include "cli/units.h"
#include "cli/value_option.h"
#include "http/resolver.h"

namespace leat::command {
namespace {

constexpr const char* kBenchGroup = "Bench options";
constexpr std::uint16_t kEchoPort = 7;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50, kMostSize = std::uint64_t{16} << 20;

constexpr const char* kBenchDescription = R"(measure throughput, round trips and connections

--client HOST measures throughput with an iperf3 server, as iperf3 -c would: we send to it, or with --reverse it to us.

--server is an iperf3 server, for iperf3 -c or another leat bench: one test at a time; whoever comes meanwhile is told
that it is busy.

--ping-pong HOST sends a byte to an echo server (leat echo is one) and waits for it to come back, again and again.

--connect-rate HOST opens and closes connections to any TCP server.

A table for people, or with --json everything for programs; docs/leat-bench.md explains the names.)";

constexpr const char* kBenchFooter = R"(EXIT STATUS
  0    The measurement has been made.
  1    It has not: no connection, the server is busy, the other side broke
       off or is silent. What was measured before is printed.
  2    A bad option, an unknown name, no link, a link that cannot be opened,
       or a port in use.
  129, 130, 143
       Ended by SIGHUP, SIGINT or SIGTERM; what was measured so far is
       printed.

)";

constexpr const char* kBenchExamples = R"(
EXAMPLES
  leat bench -c 10.77.2.2 -t 5 -P 2
  leat bench -c 10.77.2.2 -R --json
  leat bench -s --one-off
  leat bench --ping-pong 10.77.2.2 --poll busy
  leat bench --connect-rate 10.77.2.2 -p 80 -P 16 -t 2

SEE ALSO
iperf3(1)
)";

enum class Mode { client, server, ping_pong, connect_rate };

struct BenchCommand {
  HostOptions host;
  std::vector<Mode> modes;  ///< that were asked for; one is wanted
  std::string name;         ///< of the other host
  std::optional<std::uint16_t> port;
  iperf::Parameters parameters;
  std::optional<Duration> time;
  std::optional<std::uint64_t> count;
  std::optional<std::size_t> size;
  Duration patience = std::chrono::seconds(10);
  ReportOptions report;
  bool one_off = false, reset = false;
  std::vector<std::string> given;  ///< options that not every mode has
};

void complain_of_bench(const std::string& text) { complain("bench", text); }

/// What a mode does on the host's thread.
class Bench {
 public:
  virtual ~Bench() = default;
  virtual void start(EventLoop& loop) = 0;
  virtual void interrupt(EventLoop& loop, int status) = 0;
};

/// Of one that begins at a server's endpoint.
template <class Measurement, class Options>
class ClientBench final : public Bench {
 public:
  ClientBench(Options options, Console& console, const Endpoint& server)
      : options_(std::move(options)), measurement_(options_, console, complain_of_bench), server_(server) {}
  void start(EventLoop& loop) override { measurement_.start(loop, server_); }
  void interrupt(EventLoop& loop, int status) override { measurement_.interrupt(loop, status); }

 private:
  const Options options_;
  Measurement measurement_;
  const Endpoint server_;
};

class ServerBench final : public Bench {
 public:
  ServerBench(const IperfServerOptions& options, Console& console, std::uint16_t port)
      : options_(options), console_(console), server_(options_, console, complain_of_bench), port_(port) {}
  void start(EventLoop& loop) override {
    const auto local = server_.listen(loop, port_);
    if (local) return fmt::print(stderr, "Listening on port {}\n", local->port);
    complain_of_bench(fmt::format("cannot listen on port {}: {}", port_, to_string(local.error())));
    console_.finish(kUsage);
  }
  void interrupt(EventLoop& loop, int status) override { server_.interrupt(loop, status); }

 private:
  const IperfServerOptions options_;
  Console& console_;
  IperfServer server_;
  const std::uint16_t port_;
};

std::unique_ptr<Bench> make_bench(const BenchCommand& o, Console& console, const IpAddress& remote) {
  const auto at = [&](std::uint16_t port) { return Endpoint{remote, o.port.value_or(port)}; };
  const Duration time = o.time.value_or(std::chrono::seconds(10));
  switch (o.modes.front()) {
    case Mode::server:
      return std::make_unique<ServerBench>(IperfServerOptions{o.patience, o.report, o.one_off}, console,
                                           o.port.value_or(iperf::kPort));
    case Mode::ping_pong:
      return std::make_unique<ClientBench<PingPong, PingPongOptions>>(
          PingPongOptions{o.name, o.size.value_or(1), o.count, time, o.patience, o.report.json}, console,
          at(kEchoPort));
    case Mode::connect_rate:
      return std::make_unique<ClientBench<ConnectRate, ConnectRateOptions>>(
          ConnectRateOptions{o.name, o.parameters.parallel, o.reset, o.count, time, o.patience, o.report.json}, console,
          at(0));
    case Mode::client: break;
  }
  return std::make_unique<ClientBench<IperfClient, IperfClientOptions>>(
      IperfClientOptions{o.name, o.parameters, o.patience, o.report}, console, at(iperf::kPort));
}

/// What a signal interrupts, while there is a host.
class CurrentRun {
 public:
  void set(Host* host, Bench* bench) {
    const std::lock_guard lock(mutex_);
    host_ = host, bench_ = bench;
  }
  bool interrupt(int signal) {
    const std::lock_guard lock(mutex_);
    if (host_ == nullptr) return false;
    host_->post([bench = bench_, signal](EventLoop& loop) { bench->interrupt(loop, 128 + signal); });
    return true;
  }

 private:
  std::mutex mutex_;
  Host* host_ = nullptr;
  Bench* bench_ = nullptr;
};

int run_bench(BenchCommand& options) {
  ::signal(SIGPIPE, SIG_IGN);
  if (auto ok = check_host_options(options.host); !ok) {
    complain_of_bench(ok.error());
    return kUsage;
  }
  IpAddress remote;
  if (options.modes.front() != Mode::server) {
    http::SystemResolver resolver;
    const auto addresses = resolver.resolve(options.name, 0);
    if (!addresses) {
      complain_of_bench(addresses.error());
      return kUsage;
    }
    remote = addresses->front();
  }
  // What the host's thread calls outlives it.
  Console console;
  const auto bench = make_bench(options, console, remote);
  CurrentRun current;
  const SignalWatch signals([&current](int signal) { return current.interrupt(signal); });
  auto hosts = open_hosts(options.host, complain_of_bench);
  if (!hosts) return kUsage;
  Host& host = hosts->front();
  StatsPrinter stats(*hosts, options.host.stats);
  host.post([&](EventLoop& loop) { bench->start(loop); });
  current.set(&host, bench.get());
  const int status = console.run();
  current.set(nullptr, nullptr);
  stats.finish();
  return status;
}

/// What one option alone cannot tell.
void check(BenchCommand& o) {
  if (o.modes.size() != 1) {
    throw CLI::ValidationError("give one of --client, --server, --ping-pong and --connect-rate");
  }
  const Mode mode = o.modes.front();
  const std::vector<std::pair<std::string, std::vector<Mode>>> belongs = {
      {"--time", {Mode::client, Mode::ping_pong, Mode::connect_rate}},
      {"--bytes", {Mode::client}},
      {"--length", {Mode::client}},
      {"--bitrate", {Mode::client}},
      {"--omit", {Mode::client}},
      {"--reverse", {Mode::client}},
      {"--parallel", {Mode::client, Mode::connect_rate}},
      {"--interval", {Mode::client, Mode::server}},
      {"--one-off", {Mode::server}},
      {"--size", {Mode::ping_pong}},
      {"--count", {Mode::ping_pong, Mode::connect_rate}},
      {"--reset", {Mode::connect_rate}},
  };
  for (const auto& [name, modes] : belongs) {
    const bool is_given = std::find(o.given.begin(), o.given.end(), name) != o.given.end();
    if (is_given && std::find(modes.begin(), modes.end(), mode) == modes.end()) {
      throw CLI::ValidationError(name, "it is not for this kind of measurement");
    }
  }
  if (mode == Mode::connect_rate && !o.port) throw CLI::ValidationError("--connect-rate", "give the server's --port");
  if (mode != Mode::server && o.port && *o.port == 0) throw CLI::ValidationError("--port", "0 is for --server");
  if (o.count && o.time) throw CLI::ValidationError("--count", "it is instead of --time, not beside it");
  if (o.parameters.bytes > 0 && o.time) throw CLI::ValidationError("--bytes", "it is instead of --time, not beside it");
  if (mode == Mode::client && o.time) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*o.time);
    if (*o.time != seconds) throw CLI::ValidationError("--time", "iperf3 wants whole seconds");
    o.parameters.seconds = static_cast<unsigned>(seconds.count());
  }
  if (o.parameters.bytes > 0) o.parameters.seconds = 0;
  if (mode == Mode::ping_pong) o.host.config.tcp.nodelay = true;
}

void add_mode_options(CLI::App& command, BenchCommand& o) {
  const auto any = [](std::string_view text) -> expected<std::string, std::string> {
    if (text.empty()) return unexpected(std::string("an empty name"));
    return std::string(text);
  };
  const auto host = [&](const char* names, Mode mode, const std::string& description) {
    add_value(command, names, "HOST", description, any, [&o, mode](std::string name) {
      o.modes.push_back(mode);
      o.name = std::move(name);
    })->group(kBenchGroup);
  };
  host("-c,--client", Mode::client, "Measure throughput to the iperf3 server on HOST.");
  command
      .add_flag_function(
          "-s,--server", [&o](std::int64_t) { o.modes.push_back(Mode::server); }, "Be an iperf3 server.")
      ->group(kBenchGroup);
  host("--ping-pong", Mode::ping_pong, "Measure round trips to the echo server on HOST.");
  host("--connect-rate", Mode::connect_rate, "Measure how many connections a second --port of HOST takes.");
}

class OptionAdder {
 public:
  OptionAdder(CLI::App& command, BenchCommand& o) : command_(command), o_(o) {}

  template <class Parse, class Store>
  void value(const std::string& names, const std::string& what, const std::string& description, Parse parse,
             Store store) {
    const std::string name = names.substr(names.find("--"));
    add_value(command_, names, what, description, parse, [this_o = &o_, name, store](auto v) {
      this_o->given.push_back(name);
      store(std::move(v));
    })->group(kBenchGroup);
  }
  void flag(const std::string& names, bool& into, const std::string& description) {
    const std::string name = names.substr(names.find("--"));
    command_
        .add_flag_function(
            names,
            [o = &o_, &into, name](std::int64_t) {
              into = true;
              o->given.push_back(name);
            },
            description)
        ->group(kBenchGroup);
  }

 private:
  CLI::App& command_;
  BenchCommand& o_;
};

/// "1.5M": a number with a power of 1000.
expected<std::uint64_t, std::string> parse_bitrate(std::string_view text) {
  constexpr std::string_view kPrefixes = "kmgKMG";
  std::uint64_t scale = 1;
  std::string_view digits = text;
  if (const auto at = text.empty() ? kPrefixes.npos : kPrefixes.find(text.back()); at != kPrefixes.npos) {
    for (std::size_t i = 0; i <= at % 3; ++i) scale *= 1000;
    digits.remove_suffix(1);
  }
  const auto number = parse_number(digits, 0, 1'000'000'000'000 / scale);
  if (!number)
    return unexpected(fmt::format("\"{}\" is not a bit rate of at most 1000G, such as 500k, 10M or 1G", text));
  return *number * scale;
}

/// Zero too.
expected<Duration, std::string> parse_interval(std::string_view text) {
  if (text == "0") return Duration::zero();
  auto interval = parse_duration(text, std::chrono::hours(24));
  if (interval && *interval < std::chrono::milliseconds(10)) return unexpected(std::string("at least 10ms, or 0"));
  return interval;
}

void add_test_options(OptionAdder& add, BenchCommand& o) {
  iperf::Parameters& p = o.parameters;
  add.value(
      "-t,--time", "T", "How long to measure. Default: 10 (seconds).",
      [](std::string_view text) { return parse_duration(text, std::chrono::seconds(iperf::kMostSeconds)); },
      [&o](Duration d) { o.time = d; });
  add.value(
      "-n,--bytes", "N", "With --client: end after N bytes of all streams together, such as 100M, instead of --time.",
      [](std::string_view text) { return parse_size(text, 1, kMostBytes); }, [&p](std::uint64_t n) { p.bytes = n; });
  add.value(
      "-P,--parallel", "N", "With --client: streams, 1 to 128. With --connect-rate: attempts at a time. Default: 1.",
      [](std::string_view text) { return parse_number(text, 1, iperf::kMostStreams); },
      [&p](std::uint64_t n) { p.parallel = static_cast<unsigned>(n); });
  add.flag("-R,--reverse", p.reverse, "With --client: the server sends.");
  add.value("-b,--bitrate", "N",
            "With --client: bits a second that each stream may send, such as 10M (powers of 1000). Default: no limit.",
            parse_bitrate, [&p](std::uint64_t n) { p.bandwidth = n; });
  add.value(
      "-l,--length", "N", "With --client: bytes of a write and of a read, up to 1M. Default: 128k.",
      [](std::string_view text) { return parse_size(text, 1, iperf::kMostBlock); },
      [&p](std::uint64_t n) { p.block = n; });
  add.value(
      "-O,--omit", "N", "With --client: seconds at the beginning that do not count. Default: 0.",
      [](std::string_view text) { return parse_number(text, 0, iperf::kMostOmitted); },
      [&p](std::uint64_t n) { p.omit = static_cast<unsigned>(n); });
  add.value(
      "--size", "N", "With --ping-pong: bytes each way, up to 16M. Default: 1.",
      [](std::string_view text) { return parse_size(text, 1, kMostSize); },
      [&o](std::uint64_t n) { o.size = static_cast<std::size_t>(n); });
  add.value(
      "--count", "N", "With --ping-pong and --connect-rate: end after N round trips or attempts, instead of --time.",
      [](std::string_view text) { return parse_number(text, 1, 1'000'000'000'000); },
      [&o](std::uint64_t n) { o.count = n; });
  add.flag("--reset", o.reset,
           "With --connect-rate: close by RST, which leaves no TIME-WAIT behind. Local ports last for some 28,000 "
           "connections a minute without.");
}

}  // namespace

void add_bench(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<BenchCommand>();
  BenchCommand* o = options.get();
  CLI::App* command = app.add_subcommand("bench", kBenchDescription);
  command->footer(std::string(kBenchFooter) + kHostEnvironmentHelp + kBenchExamples);
  o->parameters.version = "leat " LEAT_VERSION;
  add_mode_options(*command, *o);
  OptionAdder add(*command, *o);
  add_value(
      *command, "-p,--port", "PORT",
      "The server's port. Default: 5201, and 7 with --ping-pong; --connect-rate has none. With --server, 0 takes a free one.",
      [](std::string_view text) { return parse_number(text, 0, 65535); },
      [o](std::uint64_t port) { o->port = static_cast<std::uint16_t>(port); })
      ->group(kBenchGroup);
  add_test_options(add, *o);
  add.value("-i,--interval", "T", "Throughput: the time between two lines; 0 for none before the end. Default: 1.",
            parse_interval, [o](Duration d) { o->report.interval = d; });
  add.flag("-1,--one-off", o->one_off, "With --server: end after one test.");
  command->add_flag("-J,--json", o->report.json, "Print JSON, at the end.")->group(kBenchGroup);
  add_value(
      *command, "--timeout", "T",
      "How long the other side may take to connect, and to answer in each step of the conversation. Default: 10.",
      [](std::string_view text) { return parse_duration(text, std::chrono::hours(24)); },
      [o](Duration d) { o->patience = d; })
      ->group(kBenchGroup);
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] {
    check(*options);
    refuse_capture_on_output(options->host);
    exit_code = run_bench(*options);
  });
}

}  // namespace leat::command
