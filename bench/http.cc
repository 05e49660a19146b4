// bench/http: small requests beside nginx on the kernel's TCP, in the same run. Everything happens in a lab: Leat on a
// TAP device of the near network, nginx in the middle one, a veth pair away; wrk and the ping-pong client run in near,
// on the kernel's TCP. Three rounds of each, in turns; medians are compared.
//   http LEAT_BINARY [SECONDS]
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "lab/lab.h"

namespace {

using namespace leat::lab;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 3;
constexpr const char* kKernelAddress = "10.77.1.1";  // the middle's end of the veth pair
constexpr std::uint16_t kPort = 8080, kEchoPort = 7;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "http: %s\n", what.c_str());
  std::exit(1);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int connect_to(const std::string& address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
  for (const auto end = Clock::now() + std::chrono::seconds(10); Clock::now() < end;) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
    ::close(fd);
    ::usleep(10'000);
  }
  return -1;
}

/// In a child of near: a byte there and back again and again; prints the median and the 99th percentile in
/// microseconds.
int ping_pong(const std::string& address, double seconds) {
  const int fd = connect_to(address, kEchoPort);
  if (fd < 0) return 1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::vector<double> times;
  for (const auto end = Clock::now() + std::chrono::duration<double>(seconds); Clock::now() < end;) {
    char byte = 'x';
    const auto begin = Clock::now();
    if (::send(fd, &byte, 1, 0) != 1 || ::recv(fd, &byte, 1, 0) != 1) return 1;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%.2f %.2f\n", times[times.size() / 2], times[times.size() * 99 / 100]);
  return 0;
}

/// In a child of the middle: the kernel's echo.
int kernel_echo() {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(kEchoPort);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 || ::listen(listener, 16) != 0) return 1;
  for (;;) {
    const int fd = ::accept(listener, nullptr, nullptr);
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    char block[4096];
    for (ssize_t n; (n = ::recv(fd, block, sizeof block, 0)) > 0;) {
      if (::send(fd, block, static_cast<std::size_t>(n), 0) != n) break;
    }
    ::close(fd);
  }
}

std::string run(Process process, const std::string& what) {
  const auto ended = process.wait_for(std::chrono::seconds(60));
  if (!ended || !ended->success()) fail(what + ": " + process.errors() + process.output());
  return process.output();
}

Process start(leat::expected<Process, LabError> process, const std::string& what) {
  if (!process) fail(what + ": " + process.error().message);
  return std::move(*process);
}

/// Requests a second that wrk counts.
double wrk(const Lab& lab, const std::string& address, bool close, int seconds) {
  std::vector<std::string> argv = {"wrk", "-t1", "-c16", "-d" + std::to_string(seconds) + "s"};
  if (close) argv.insert(argv.end(), {"-H", "Connection: close"});
  argv.push_back("http://" + address + ":" + std::to_string(kPort) + "/file");
  const std::string text = run(start(lab.spawn(kNear, argv), "wrk"), "wrk");
  const std::size_t at = text.find("Requests/sec:");
  if (at == std::string::npos || text.find("Non-2xx") != std::string::npos) fail("wrk: " + text);
  return std::atof(text.c_str() + at + 13);
}

struct Ping {
  double median = 0, p99 = 0;
};
Ping ping(const Lab& lab, const std::string& address, int seconds) {
  const std::string text =
      run(start(lab.run_inside(kNear, [&] { return ping_pong(address, seconds); }), "ping-pong"), "ping-pong");
  Ping result;
  if (std::sscanf(text.c_str(), "%lf %lf", &result.median, &result.p99) != 2) fail("ping-pong: " + text);
  return result;
}

std::string nginx_configuration(const std::string& folder) {
  const std::string run = kRunDirectory;
  return "daemon off;\nworker_processes 1;\npid " + run +
         "/bench.pid;\nerror_log stderr;\nevents { worker_connections 4096; }\n" +
         "http {\n access_log off;\n sendfile on;\n tcp_nodelay on;\n keepalive_requests 1000000000;\n" +
         " client_body_temp_path " + run + "/b1;\n proxy_temp_path " + run + "/b2;\n fastcgi_temp_path " + run +
         "/b3;\n uwsgi_temp_path " + run + "/b4;\n scgi_temp_path " + run + "/b5;\n server {\n  listen " +
         kKernelAddress + ":" + std::to_string(kPort) + " backlog=4096;\n  root \"" + folder + "\";\n }\n}\n";
}

void compare(const char* what, const std::vector<double>& leat, const std::vector<double>& kernel, const char* unit) {
  std::printf("%-28s leat %10.1f  kernel %10.1f %-10s  leat / kernel %.2f\n", what, median(leat), median(kernel), unit,
              median(leat) / median(kernel));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("usage: http LEAT_BINARY [SECONDS]");
  const int seconds = argc > 2 ? std::max(std::atoi(argv[2]), 1) : 3;
  char pattern[] = "/tmp/leat-bench-XXXXXX";
  if (::mkdtemp(pattern) == nullptr) fail("no temporary folder");
  const std::string folder = pattern;
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  std::ofstream(folder + "/file") << std::string(64, 'x');

  auto lab = Lab::create({});
  if (!lab) fail(lab.error().message);
  if (!lab->has(LinkKind::tap)) fail(lab->tun_refusal());
  if (!lab->write_file(std::string(kRunDirectory) + "/bench.conf", nginx_configuration(folder))) fail("nginx.conf");
  const Process nginx = start(lab->spawn(kMiddle, {"nginx", "-e", "stderr", "-p", kRunDirectory, "-c",
                                                   std::string(kRunDirectory) + "/bench.conf"}),
                              "nginx");
  const Process echo = start(lab->run_inside(kMiddle, kernel_echo), "kernel echo");
  const LeatHost host = lab->leat_host(LinkKind::tap);
  const std::string leat_address = host.address.substr(0, host.address.find('/'));
  std::vector<double> keep[2], close[2], middle[2], tail[2];
  for (int round = 0; round < kRounds; ++round) {
    {
      std::vector<std::string> serve = {argv[1], "serve", "-q", folder, "--port", std::to_string(kPort)};
      for (const std::string& option : host.arguments()) serve.push_back(option);
      Process leat = start(lab->spawn(kNear, serve), "leat serve");
      if (!leat.wait_for_errors("Serving", std::chrono::seconds(10))) fail("leat serve: " + leat.errors());
      keep[0].push_back(wrk(*lab, leat_address, false, seconds));
      close[0].push_back(wrk(*lab, leat_address, true, seconds));
      leat.signal(SIGTERM);
      leat.wait();
    }
    {
      std::vector<std::string> serve = {argv[1], "echo", "--nodelay"};
      for (const std::string& option : host.arguments()) serve.push_back(option);
      Process leat = start(lab->spawn(kNear, serve), "leat echo");
      if (!leat.wait_for_errors("Echoing", std::chrono::seconds(10))) fail("leat echo: " + leat.errors());
      const Ping p = ping(*lab, leat_address, seconds);
      middle[0].push_back(p.median), tail[0].push_back(p.p99);
      leat.signal(SIGTERM);
      leat.wait();
    }
    keep[1].push_back(wrk(*lab, kKernelAddress, false, seconds));
    close[1].push_back(wrk(*lab, kKernelAddress, true, seconds));
    const Ping p = ping(*lab, kKernelAddress, seconds);
    middle[1].push_back(p.median), tail[1].push_back(p.p99);
  }
  std::filesystem::remove_all(folder);
  compare("64 bytes, keep-alive", keep[0], keep[1], "requests/s");
  compare("64 bytes, a connection each", close[0], close[1], "requests/s");
  compare("1-byte ping-pong, median", middle[0], middle[1], "us");
  compare("1-byte ping-pong, 99th", tail[0], tail[1], "us");
  return median(keep[0]) >= median(keep[1]) ? 0 : 1;
}
