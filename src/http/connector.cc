#include "http/connector.h"

#include <fmt/core.h>

#include <algorithm>

#include "http/human.h"
#include "http/text.h"

namespace leat::http {
namespace {}  // namespace

expected<ByteStream*, Failure> Connector::open(const Url& url, const std::string& request, const Patience& patience,
                                               Instant start, Report& report) {
  const std::string authority = url.authority();
  reused_ = false;
  if (interrupted()) return failed(ExitCode::receive_error, "interrupted");
  if (kept_for_ == authority) {
    kept_for_.clear();
    reused_ = true;
    if (stream_->write_all(bytes_of(request), patience.next_wait())) {
      say("Re-using the connection to " + authority);
      return stream_.get();
    }
    reused_ = false;
    drop();
  } else {
    close();
  }
  return open_new(url, request, patience, start, report);
}

expected<ByteStream*, Failure> Connector::open_new(const Url& url, const std::string& request, const Patience& patience,
                                                   Instant start, Report& report) {
  if (url.ipv6_literal) return failed(ExitCode::unsupported_protocol, "IPv6 is not supported yet");
  const auto addresses = resolver_.resolve(url.host, url.port);
  if (!addresses) return failed(ExitCode::cannot_resolve, addresses.error());
  report.name_lookup = options_.now() - start;
  auto stream = dial(url, *addresses, request, patience);
  if (!stream) return unexpected(stream.error());
  report.connect = options_.now() - start;
  ++report.connections;
  ByteStream* adopted = adopt(std::move(*stream));
  if (adopted == nullptr) return failed(ExitCode::receive_error, "interrupted");
  report.local = adopted->local();
  report.remote = adopted->remote();
  describe(url);
  return adopted;
}

expected<std::unique_ptr<ByteStream>, Failure> Connector::dial(const Url& url, const std::vector<IpAddress>& addresses,
                                                               const std::string& request, const Patience& patience) {
  const Instant begin = options_.now();
  Error last = Error::timed_out;
  for (const IpAddress& address : addresses) {
    std::optional<Duration> wait;
    if (patience.deadline) wait = *patience.deadline - options_.now();
    if (options_.connect_timeout) {
      const Duration left = begin + *options_.connect_timeout - options_.now();
      wait = wait ? std::min(*wait, left) : left;
    }
    if (wait && *wait <= Duration::zero()) {
      last = Error::timed_out;
      break;
    }
    const Endpoint remote{address, url.port};
    say("Trying " + remote.to_string() + "...");
    auto stream = transport_.connect(remote, wait, bytes_of(request));
    if (stream) return std::move(*stream);
    last = stream.error();
    say("connect to " + remote.to_string() + " failed: " + std::string(to_string(last)));
    if (interrupted()) break;
  }
  const ExitCode code = last == Error::timed_out ? ExitCode::timed_out : ExitCode::cannot_connect;
  return failed(code, fmt::format("failed to connect to {} port {} after {}: {}", url.host, url.port,
                                  human_time(options_.now() - begin), to_string(last)));
}

void Connector::describe(const Url& url) {
  const auto now = live();
  if (!now) return;
  say(fmt::format("Connected to {} ({}) port {} from {}", url.host, now->remote.address.to_string(), url.port,
                  now->local.to_string()));
  const TcpInfo& tcp = now->info;
  if (tcp.snd_mss == 0) return;
  say(fmt::format("Handshake took {}; {}, mss {}{}{}{}", human_time(tcp.handshake), tcp.congestion_control, tcp.snd_mss,
                  tcp.window_scaling ? fmt::format(", window scale {},{}", tcp.snd_wscale, tcp.rcv_wscale) : "",
                  tcp.sack ? ", SACK" : "", tcp.timestamps ? ", timestamps" : ""));
}

ByteStream* Connector::adopt(std::unique_ptr<ByteStream> stream) {
  const std::lock_guard lock(mutex_);
  if (interrupted_) {
    stream->abort();
    return nullptr;
  }
  stream_ = std::move(stream);
  return stream_.get();
}

std::unique_ptr<ByteStream> Connector::release() {
  const std::lock_guard lock(mutex_);
  kept_for_.clear();
  return std::move(stream_);
}

void Connector::keep(const std::string& authority) { kept_for_ = authority; }

void Connector::close() {
  if (const auto stream = release()) {
    if (interrupted()) {
      stream->abort();
    } else {
      stream->close();
    }
  }
}

void Connector::drop() {
  if (const auto stream = release()) stream->abort();
}

bool Connector::interrupt() {
  const std::lock_guard lock(mutex_);
  interrupted_ = true;
  if (stream_ == nullptr) return false;
  stream_->abort();
  return true;
}

bool Connector::interrupted() const {
  const std::lock_guard lock(mutex_);
  return interrupted_;
}

std::optional<Connector::Live> Connector::live() const {
  const std::lock_guard lock(mutex_);
  if (stream_ == nullptr) return std::nullopt;
  return Live{stream_->local(), stream_->remote(), stream_->info()};
}

}  // namespace leat::http
