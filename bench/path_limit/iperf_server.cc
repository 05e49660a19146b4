#include "iperf_server.h"

#include <poll.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstring>

namespace leat::path_limit {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCookie = 37;
constexpr auto kSpin = 50us;  // time of polling before it sleeps

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](timeval t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void IperfServer::run() {
  Clock::time_point idle_since = Clock::now();
  while (step_ != Step::finished) {
    bool busy = tcp_.receive();
    converse();
    // Sends until the client gives its results, because the client reads whole blocks before it reads the control
    // connection.
    const bool sends = reverse_ && (step_ == Step::running || step_ == Step::results);
    if (sends) busy |= tcp_.send_bulk(stream_);
    if (busy) {
      idle_since = Clock::now();
    } else if (Clock::now() - idle_since > kSpin) {
      pollfd wanted{path_.descriptor(), POLLIN, 0};
      ::poll(&wanted, 1, 1);
    }
  }
}

void IperfServer::converse() {
  switch (step_) {
    case Step::cookie:
      if (take(kCookie)) say(Word::parameter_exchange, Step::parameters);
      return;
    case Step::parameters: {
      const std::string text = take_text();
      reverse_ = text.find("\"reverse\":true") != std::string::npos;
      if (!text.empty()) say(Word::create_streams, Step::stream);
      return;
    }
    case Step::stream:
      if (stream_.received < kCookie) return;
      say(Word::test_start, Step::running);
      say(Word::test_running, Step::running);
      began_ = Clock::now(), cpu_ = cpu_seconds();
      return;
    case Step::running:
      if (!take(1)) return;
      seconds_ = std::chrono::duration<double>(Clock::now() - began_).count(), cpu_ = cpu_seconds() - cpu_;
      return say(Word::exchange_results, Step::results);
    case Step::results:
      if (take_text().empty()) return;
      tell_results();
      return say(Word::display_results, Step::shown);
    case Step::shown:
      if (control_.open && !take(1)) return;
      tcp_.reset(stream_);
      tcp_.reset(control_);
      step_ = Step::finished;
      return;
    case Step::finished: return;
  }
}

bool IperfServer::take(std::size_t bytes) {
  if (control_.text.size() < bytes) return false;
  control_.text.erase(0, bytes);
  return true;
}

/// The JSON behind its length. Empty if it is incomplete.
std::string IperfServer::take_text() {
  std::uint32_t length = 0;
  if (control_.text.size() < sizeof length) return {};
  std::memcpy(&length, control_.text.data(), sizeof length);
  length = ntohl(length);
  if (control_.text.size() < sizeof length + length) return {};
  std::string text = control_.text.substr(sizeof length, length);
  control_.text.erase(0, sizeof length + length);
  return text;
}

void IperfServer::say(Word word, Step next) {
  tcp_.send(control_, std::string(1, static_cast<char>(word)));
  step_ = next;
}

void IperfServer::tell_results() {
  const std::uint64_t bytes = reverse_ ? stream_.acknowledged : stream_.received - kCookie;
  const double percent = 100 * cpu_ / seconds_;
  char text[512];
  const int length = std::snprintf(
      text, sizeof text,
      R"({"cpu_util_total":%f,"cpu_util_user":0,"cpu_util_system":%f,"sender_has_retransmits":0,"streams":[{"id":1,)"
      R"("bytes":%llu,"retransmits":-1,"jitter":0,"errors":0,"packets":0,"start_time":0,"end_time":%f}]})",
      percent, percent, static_cast<unsigned long long>(bytes), seconds_);
  const std::uint32_t size = htonl(static_cast<std::uint32_t>(length));
  tcp_.send(control_, std::string(reinterpret_cast<const char*>(&size), sizeof size) + text);
}

void IperfServer::report() const {
  const auto count = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  std::fprintf(stderr,
               "%llu frames in, %llu out, %llu ACKs; %llu calls in, %llu out; %llu overtaken, %llu lost, %llu bad\n",
               count(tcp_.frames_in), count(tcp_.frames_out), count(tcp_.acks), count(path_.receive_calls),
               count(path_.send_calls), count(tcp_.overtaken), count(tcp_.lost), count(tcp_.bad));
}

}  // namespace leat::path_limit
