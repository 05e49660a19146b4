// What `leat get` does once its options are read: opens the host, fetches, tells about it. Called by get.cc.
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>

#include "cli/complain.h"
#include "cli/host/open_hosts.h"
#include "cli/host/stats_printer.h"
#include "cli/host/stats_text.h"
#include "cli/http/get_command.h"
#include "cli/http/host_stream.h"
#include "cli/http/terminal_observer.h"
#include "cli/signal_watch.h"
#include "http/fetch.h"
#include "http/human.h"
#include "http/output.h"
#include "http/url.h"

namespace leat::command {
namespace {

using http::ExitCode;

/// Stands in when no URL is good enough for a host to be needed.
class NoTransport final : public http::Transport {
 public:
  expected<std::unique_ptr<http::ByteStream>, Error> connect(const Endpoint&, std::optional<Duration>, Bytes) override {
    return unexpected(Error::network_unreachable);
  }
};

void describe_link(const LinkInfo& link, http::FetchObserver& observer) {
  std::string text = "Link " + link.name;
  if (!link.description.empty()) text += " (" + link.description + ")";
  if (!link.mac.is_zero()) text += ", " + link.mac.to_string();
  text += fmt::format(", MTU {}", link.mtu);
  if (link.max_super_segment > 0) text += fmt::format(", super-segments of {} bytes", link.max_super_segment);
  if (link.completes_checksums) text += ", checksums offloaded";
  observer.line(http::FetchObserver::Line::info, text);
}

void describe_transfer(const http::Report& report, http::FetchObserver& observer) {
  if (report.tcp.segs_in == 0) return;
  const TcpInfo& tcp = report.tcp;
  observer.line(http::FetchObserver::Line::info,
                fmt::format("{} in {}, {}; RTT {}; segments {} in, {} out; {} retransmitted, {} received out of order",
                            http::human_bytes(static_cast<double>(report.body_bytes)), http::human_time(report.total),
                            http::human_rate(report.speed()), http::human_time(tcp.rtt), tcp.segs_in, tcp.segs_out,
                            tcp.total_retrans, tcp.rcv_ooopack));
}

void write_out(const GetOptions& options, const http::Report& report) {
  if (!options.write_out) return;
  const std::string text = options.write_out->fill(report);
  // What cannot be printed must not hide how the transfer ended.
  static_cast<void>(
      http::write_fully(STDOUT_FILENO, Bytes(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()))
          .has_value());
}

/// The fetcher that a signal interrupts, while there is one.
class CurrentFetch {
 public:
  void set(http::Fetcher* fetcher) {
    const std::lock_guard lock(mutex_);
    fetcher_ = fetcher;
  }
  bool interrupt(int signal) {
    const std::lock_guard lock(mutex_);
    return fetcher_ != nullptr && fetcher_->interrupt(signal);
  }

 private:
  std::mutex mutex_;
  http::Fetcher* fetcher_ = nullptr;
};

/// Remembers connections that are over, for --stats.
class ConnectionLog {
 public:
  void note(const http::Report& report) {
    if (report.tcp.segs_out == 0) return;
    const std::lock_guard lock(mutex_);
    // A connection that carried several transfers is there once, with its last facts.
    if (!ended_.empty() && ended_.back().local == report.local) ended_.pop_back();
    ended_.push_back({report.local, report.remote, report.tcp, report.tcp.unread,
                      std::uint64_t{report.tcp.unacked} + report.tcp.notsent});
  }
  std::string text(const std::vector<SocketInfo>& live) const {
    const std::lock_guard lock(mutex_);
    std::string out;
    for (const SocketInfo& ended : ended_) {
      const auto is_it = [&](const SocketInfo& socket) { return socket.local == ended.local; };
      if (std::none_of(live.begin(), live.end(), is_it)) out += connection_text(ended);
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<SocketInfo> ended_;
};

/// Fetches all URLs; the status is the last failure's.
int fetch_all(const GetOptions& options, http::Fetcher& fetcher, TerminalObserver& observer, ConnectionLog& log) {
  int status = 0;
  for (std::size_t i = 0; i < options.urls.size(); ++i) {
    const http::Report report =
        fetcher.fetch(options.urls[i], i < options.outputs.size() ? options.outputs[i] : std::string());
    observer.end(report.exit_code == 0);
    describe_transfer(report, observer);
    log.note(report);
    if (report.exit_code != 0) {
      status = report.exit_code;
      if (!options.silent || options.show_error)
        complain("get", fmt::format("({}) {}", status, printable(report.error)));
    }
    write_out(options, report);
    if (report.exit_code > 128) break;
  }
  fetcher.finish();
  return status;
}

int fetch_over_host(const GetOptions& options, http::Resolver& resolver, TerminalObserver& observer) {
  CurrentFetch current;
  // Before the host, whose thread must not take the signals.
  const SignalWatch signals([&current](int signal) { return current.interrupt(signal); });
  auto hosts = open_hosts(options.host, [](const std::string& text) { complain("get", text); });
  if (!hosts) return to_int(ExitCode::usage);
  Host& host = hosts->front();
  describe_link(host.link(), observer);
  const TcpSettings& tcp = options.host.config.tcp;
  HostTransport transport(host, tcp.send_buffer.value_or(tcp.send_growth.initial));
  http::Fetcher fetcher(transport, resolver, observer, options.fetch);
  ConnectionLog log;
  StatsPrinter stats(*hosts, options.host.stats,
                     [&log](const std::vector<SocketInfo>& live) { return log.text(live); });
  current.set(&fetcher);
  const int status = fetch_all(options, fetcher, observer, log);
  current.set(nullptr);
  stats.finish();
  if (const auto failure = host.failure(); failure && status != 0) {
    complain("get", "the link " + options.host.config.link + " is gone: " + std::string(to_string(*failure)));
  }
  return status;
}

bool any_good(const std::vector<std::string>& urls) {
  return std::any_of(urls.begin(), urls.end(), [](const std::string& url) { return http::parse_url(url).has_value(); });
}

}  // namespace

int run_get(GetOptions& options) {
  options.fetch.now = monotonic_now;
  options.fetch.user_agent = "leat/" LEAT_VERSION;
  ::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error
  http::SystemResolver resolver(options.resolve);
  TerminalObserver observer(options.host.verbose, !options.silent && TerminalObserver::stderr_is_terminal());
  if (!any_good(options.urls)) {
    NoTransport nowhere;
    ConnectionLog log;
    http::Fetcher fetcher(nowhere, resolver, observer, options.fetch);
    return fetch_all(options, fetcher, observer, log);
  }
  if (auto ok = check_host_options(options.host); !ok) {
    complain("get", ok.error());
    return to_int(ExitCode::usage);
  }
  return fetch_over_host(options, resolver, observer);
}

}  // namespace leat::command
