// `leat bench` with iperf3, as client and server and in both directions; round trips and connections with the kernel
// and with `leat echo`. The tests compare the transferred bytes of both sides, never the speed.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "kernel_client.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;
using nlohmann::json;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using End = KernelClient::End;

/// The first message of an iperf3 client.
std::string cookie_of(char letter) {
  std::string cookie(37, letter);
  cookie.back() = '\0';
  return cookie;
}

struct Outcome {
  int code = -1;
  std::string output, errors;
  json parsed() const { return json::parse(output, nullptr, false); }
};

Outcome end_of(lab::Process& process) {
  const auto ended = process.wait_for(60s);
  EXPECT_TRUE(ended) << "no end in sight: " << process.output() << process.errors();
  return {ended ? ended->shell_code() : -1, process.output(), process.errors()};
}

lab::Process start(const lab::Lab& lab, lab::Place place, const std::vector<std::string>& argv) {
  auto process = lab.spawn(place, argv);
  EXPECT_TRUE(process) << process.error().message;
  return process ? std::move(*process) : lab::Process();
}

lab::Process start_bench(const lab::Lab& lab, LinkKind link, const std::vector<std::string>& arguments) {
  std::vector<std::string> argv = {LEAT_BINARY, "bench"};
  for (const std::string& word : lab.leat_host(link).arguments()) argv.push_back(word);
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return start(lab, lab::kNear, argv);
}

Outcome bench(const lab::Lab& lab, LinkKind link, const std::vector<std::string>& arguments) {
  lab::Process process = start_bench(lab, link, arguments);
  return end_of(process);
}

/// Starts `iperf3 -s` in far, and waits until it listens.
lab::Process iperf3_server(const lab::Lab& lab, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"iperf3", "-s"});
  lab::Process process = start(lab, lab::kFar, arguments);
  for (int i = 0; i < 1000; ++i) {
    const auto listeners = lab.run_tool(lab::kFar, {"ss", "-Hltn", "sport = :5201"});
    if (!listeners || !listeners->empty() || process.wait_for(5ms)) break;
  }
  return process;
}

bool wait_for_output(lab::Process& process, std::string_view text) {
  for (int i = 0; i < 6000; ++i) {
    const bool ended = process.wait_for(5ms).has_value();
    if (process.output().find(text) != std::string::npos) return true;
    if (ended) break;
  }
  return false;
}

std::uint64_t bytes_in(const json& report, const char* sum) { return report["end"][sum]["bytes"].get<std::uint64_t>(); }

/// Expects that intervals, streams and sums agree.
void expect_consistent(const json& report, const char* own_sum, std::size_t streams) {
  ASSERT_EQ(report["start"]["connected"].size(), streams);
  ASSERT_EQ(report["end"]["streams"].size(), streams);
  std::uint64_t total = 0;
  for (const json& interval : report["intervals"]) total += interval["sum"]["bytes"].get<std::uint64_t>();
  EXPECT_EQ(total, bytes_in(report, own_sum));
  EXPECT_GT(total, 0u);
  EXPECT_GT(report["end"][own_sum]["bits_per_second"].get<double>(), 0);
  EXPECT_LE(bytes_in(report, "sum_received"), bytes_in(report, "sum_sent"));
}

class BenchTest : public ::testing::TestWithParam<LinkKind> {
 protected:
  void SetUp() override {
    LEAT_SKIP_WITHOUT_PROGRAMS("iperf3", "ss");
    LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
    LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
    lab_.emplace(std::move(lab));
  }
  Outcome bench(const std::vector<std::string>& arguments) const {
    return interop::bench(*lab_, GetParam(), arguments);
  }
  /// A server of Leat, and its process.
  std::unique_ptr<Served> serve(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"bench", "--server"});
    return std::make_unique<Served>(*lab_, GetParam(), std::move(arguments));
  }
  Outcome iperf3_client(const Served& served, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"iperf3", "-c", served.address()});
    lab::Process process = start(*lab_, lab::kFar, arguments);
    return end_of(process);
  }
  std::optional<lab::Lab> lab_;
};

TEST_P(BenchTest, SendsToIperf3) {
  lab::Process server = iperf3_server(*lab_, {"-1", "-J"});
  const Outcome ours = bench({"-c", lab::Lab::kFarAddress, "-t", "1", "-i", "0.25", "-P", "2", "--json"});
  ASSERT_EQ(ours.code, 0) << ours.errors;
  const json report = ours.parsed(), theirs = end_of(server).parsed();
  expect_consistent(report, "sum_sent", 2);
  ASSERT_FALSE(report["intervals"].empty());
  EXPECT_GT(report["intervals"][0]["streams"][0]["snd_cwnd"].get<int>(), 0);
  EXPECT_EQ(bytes_in(report, "sum_received"), bytes_in(theirs, "sum_received"));
  EXPECT_EQ(report["start"]["connected"][1]["local_port"], theirs["start"]["connected"][1]["remote_port"]);
  EXPECT_FALSE(theirs.contains("error")) << theirs["error"];
}

TEST_P(BenchTest, ReceivesFromIperf3) {
  lab::Process server = iperf3_server(*lab_, {"-1", "-J"});
  const Outcome ours = bench({"-c", lab::Lab::kFarAddress, "-t", "1", "-P", "2", "-R", "--json"});
  ASSERT_EQ(ours.code, 0) << ours.errors;
  const json report = ours.parsed(), theirs = end_of(server).parsed();
  expect_consistent(report, "sum_received", 2);
  EXPECT_EQ(bytes_in(report, "sum_sent"), bytes_in(theirs, "sum_sent"));
  EXPECT_TRUE(report["end"]["sum_sent"].contains("retransmits"));
}

TEST_P(BenchTest, SendsSoManyBytes) {
  lab::Process server = iperf3_server(*lab_, {});
  const Outcome ours = bench({"-c", lab::Lab::kFarAddress, "-n", "3M", "-P", "2", "--json"});
  ASSERT_EQ(ours.code, 0) << ours.errors;
  EXPECT_EQ(bytes_in(ours.parsed(), "sum_sent"), 3u << 20);
  const Outcome back = bench({"-c", lab::Lab::kFarAddress, "-n", "3M", "-R", "--json"});
  EXPECT_EQ(back.code, 0) << back.errors;
  EXPECT_GE(bytes_in(back.parsed(), "sum_received"), 3u << 20);
}

TEST_P(BenchTest, ServesIperf3InBothDirections) {
  const auto served = serve({"--json"});
  ASSERT_TRUE(served->running());
  for (const char* direction : {"-4", "-R"}) {
    const Outcome theirs = iperf3_client(*served, {"-t", "1", "-P", "2", "-J", direction});
    ASSERT_EQ(theirs.code, 0) << theirs.output << served->errors();
    const json report = theirs.parsed();
    EXPECT_FALSE(report.contains("error")) << report["error"];
    EXPECT_GT(bytes_in(report, "sum_received"), 0u);
    EXPECT_LE(bytes_in(report, "sum_received"), bytes_in(report, "sum_sent"));
  }
  served->process().signal(SIGINT);
  const Outcome ours = end_of(served->process());
  EXPECT_EQ(ours.code, 130);
  const std::size_t second = ours.output.find("\n}\n{\n") + 3;
  const json first_report = json::parse(ours.output.substr(0, second)), next = json::parse(ours.output.substr(second));
  expect_consistent(first_report, "sum_received", 2);
  expect_consistent(next, "sum_sent", 2);
}

TEST_P(BenchTest, ServesIperf3WithItsOwnOptions) {
  const auto served = serve({});
  ASSERT_TRUE(served->running());
  // For these options the server must omit the first second, keep a rate, use small blocks, and report the options that
  // it ignores.
  const Outcome omits = iperf3_client(*served, {"-t", "1", "-O", "1", "-b", "8M", "-l", "1000", "-R", "-J"});
  ASSERT_EQ(omits.code, 0) << omits.output;
  EXPECT_GT(bytes_in(omits.parsed(), "sum_received"), 100'000u);
  EXPECT_LT(bytes_in(omits.parsed(), "sum_received"), 3'000'000u);
  EXPECT_EQ(iperf3_client(*served, {"-n", "1M", "-M", "1000", "-N"}).code, 0);
  EXPECT_THAT(served->errors(), HasSubstr("the client's MSS, nodelay are not followed"));
  EXPECT_EQ(iperf3_client(*served, {"-k", "10", "-R"}).code, 0);
  const Outcome both = iperf3_client(*served, {"-t", "1", "--bidir"});
  EXPECT_NE(both.code, 0);
  EXPECT_THAT(served->errors(), HasSubstr("both directions at once are not supported"));
  EXPECT_EQ(iperf3_client(*served, {"-t", "1", "-u"}).code, 1);
  served->end();
}

TEST_P(BenchTest, HasOneTestAtATime) {
  const auto served = serve({});
  ASSERT_TRUE(served->running());
  lab::Process first = in_far(*lab_, [&] {
    KernelClient client(served->address(), 5201);
    client.send(cookie_of('a'));
    require(client.read(1) == "\x09", "param_exchange");
    KernelClient second(served->address(), 5201);
    require(second.read_all() == "\xff", "access_denied");
    KernelClient third(served->address(), 5201);
    third.send(cookie_of('b') + std::string(100'000, 'x'));
    require(third.read_all() == "\xff", "access_denied to one who talks");
    announce("busy");
    client.read_all();
  });
  ASSERT_TRUE(first.wait_for_errors("busy", 30s)) << first.errors();
  const Outcome refused = iperf3_client(*served, {"-t", "1"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("the server is busy running a test"));
  first.kill();
  EXPECT_TRUE(served->process().wait_for_errors("control connection", 30s)) << served->errors();
  EXPECT_EQ(iperf3_client(*served, {"-n", "1M"}).code, 0) << served->errors();
  served->end();
}

TEST_P(BenchTest, OutlastsClientsThatMakeNoSense) {
  const auto served = serve({"--timeout", "300ms"});
  ASSERT_TRUE(served->running());
  lab::Process clients = in_far(*lab_, [&] {
    const std::string cookie = cookie_of('c');
    const std::string answer = "\x09\xfe" + std::string("\0\0\0\x0d\0\0\0\0", 8);
    End end{};
    for (const std::string& words :
         {std::string("\xff\xff\xff\xff"), std::string(4, '\0'), std::string("\0\0\0\2{]", 6),
          std::string("\0\0\0\x11{\"parallel\":1000}", 21), std::string("GET / HTTP/1.1\r\n\r\n")}) {
      KernelClient client(served->address(), 5201);
      client.send(cookie + words);
      require(client.read_all(end) == answer, "a refusal");
    }
    const std::string asked = cookie + std::string("\0\0\0\x0c{\"tcp\":true}", 16);
    for (const auto& [words, end_of_it] : {std::pair<std::string, std::string>{"", ""},
                                           {cookie, "\x09\x0b"},
                                           {asked, "\x09\x0a\x0b"},
                                           {asked + "\x2a", "\x09\x0a\x0b"}}) {
      KernelClient client(served->address(), 5201);
      client.send(words);
      require(client.read_all(end) == end_of_it, "the end of who says nothing, or nothing more, or what is no state");
    }
    KernelClient gone(served->address(), 5201);
    gone.send(asked);
    gone.reset();
  });
  expect_success(clients, 60s);
  EXPECT_EQ(iperf3_client(*served, {"-n", "1M"}).code, 0) << served->errors();
  served->end();
}

TEST_P(BenchTest, ServesOnce) {
  const auto served = serve({"--one-off"});
  ASSERT_TRUE(served->running());
  EXPECT_EQ(iperf3_client(*served, {"-n", "1M"}).code, 0);
  const Outcome ours = end_of(served->process());
  EXPECT_EQ(ours.code, 0) << ours.errors;
  EXPECT_THAT(ours.output, HasSubstr("Accepted connection from 10.77.2.2"));
  EXPECT_THAT(ours.output, HasSubstr("receiver\n"));
}

TEST_P(BenchTest, AnInterruptPrintsWhatWasMeasured) {
  lab::Process server = iperf3_server(*lab_, {"-1", "--forceflush"});
  lab::Process client = start_bench(*lab_, GetParam(), {"-c", lab::Lab::kFarAddress, "-t", "60", "-i", "100ms"});
  ASSERT_TRUE(wait_for_output(client, " sec  ")) << client.output() << client.errors();
  client.signal(SIGINT);
  const Outcome ours = end_of(client);
  EXPECT_EQ(ours.code, 130);
  EXPECT_THAT(ours.output, HasSubstr("sender\n"));
  EXPECT_THAT(end_of(server).errors, HasSubstr("the client has terminated"));
}

TEST_P(BenchTest, AnInterruptedServerPrintsWhatWasMeasured) {
  const auto served = serve({});
  ASSERT_TRUE(served->running());
  lab::Process theirs = start(*lab_, lab::kFar, {"iperf3", "-c", served->address(), "-t", "60"});
  ASSERT_TRUE(wait_for_output(served->process(), " sec  ")) << served->errors();
  served->end();
  EXPECT_THAT(served->process().output(), HasSubstr("receiver\n"));
  EXPECT_THAT(end_of(theirs).errors, HasSubstr("the server has terminated"));
}

TEST_P(BenchTest, SaysWhyThereIsNoTest) {
  const Outcome refused = bench({"-c", lab::Lab::kFarAddress, "--json"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("connection refused"));
  EXPECT_THAT(refused.parsed()["error"].get<std::string>(), HasSubstr("connection refused"));
  lab::Process server = iperf3_server(*lab_, {"-1"});
  lab::Process first = in_far(*lab_, [] {
    KernelClient client("10.77.2.2", 5201);
    client.send(cookie_of('a'));
    require(client.read(1) == "\x09", "param_exchange");
    announce("busy");
    client.read_all();
  });
  ASSERT_TRUE(first.wait_for_errors("busy", 30s)) << first.errors();
  // iperf3 may be too busy with the first client to refuse the second.
  EXPECT_EQ(bench({"-c", lab::Lab::kFarAddress, "--timeout", "500ms"}).code, 1);
}

/// An echo server on the kernel's TCP in far, for one connection after another.
lab::Process kernel_echo(const lab::Lab& lab) {
  lab::Process process = in_far(lab, [] {
    const lab::UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(7);
    require(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
    require(::listen(listener.get(), 100) == 0, "listen");
    announce("ready");
    for (;;) {
      const lab::UniqueFd peer(::accept(listener.get(), nullptr, nullptr));
      std::array<char, 4096> block;
      for (ssize_t n; (n = ::read(peer.get(), block.data(), block.size())) > 0;) {
        static_cast<void>(::send(peer.get(), block.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n);
      }
    }
  });
  EXPECT_TRUE(process.wait_for_errors("ready", 30s)) << process.errors();
  return process;
}

void expect_times(const json& report) {
  const json& us = report["microseconds"];
  double before = 0;
  for (const char* name : {"min", "median", "p90", "p99", "p99_9", "max"}) {
    EXPECT_GE(us[name].get<double>(), before) << name;
    before = us[name].get<double>();
  }
  EXPECT_GT(us["min"].get<double>(), 0);
  EXPECT_GT(report["per_second"].get<double>(), 0);
}

TEST_P(BenchTest, TimesRoundTripsWithTheKernel) {
  lab::Process echo = kernel_echo(*lab_);
  for (const char* size : {"1", "100k"}) {
    const Outcome o = bench({"--ping-pong", lab::Lab::kFarAddress, "--count", "100", "--size", size, "--json"});
    ASSERT_EQ(o.code, 0) << o.errors;
    EXPECT_EQ(o.parsed()["round_trips"], 100);
    expect_times(o.parsed());
  }
  const Outcome text = bench({"--ping-pong", lab::Lab::kFarAddress, "-t", "100ms", "--poll", "busy"});
  EXPECT_EQ(text.code, 0) << text.errors;
  EXPECT_THAT(text.output,
              ContainsRegex("^[0-9]+ round trips of 1 byte with 10.77.2.2:7 in 0.[0-9]+ s: [0-9]+ a second\n"));
  EXPECT_THAT(text.output, HasSubstr("median"));
  EXPECT_EQ(bench({"--ping-pong", lab::Lab::kFarAddress, "-p", "8"}).code, 1);
}

TEST_P(BenchTest, CountsConnections) {
  lab::Process server = kernel_echo(*lab_);
  for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"--reset"}}) {
    std::vector<std::string> words = {"--connect-rate", lab::Lab::kFarAddress, "-p", "7", "--count", "200", "-P", "4",
                                      "--json"};
    words.insert(words.end(), how.begin(), how.end());
    const Outcome o = bench(words);
    ASSERT_EQ(o.code, 0) << o.errors;
    EXPECT_EQ(o.parsed()["opened"], 200);
    EXPECT_EQ(o.parsed()["failed"], 0);
    expect_times(o.parsed());
  }
  const Outcome refused = bench({"--connect-rate", lab::Lab::kFarAddress, "-p", "8", "--count", "20", "--json"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.parsed()["failures"]["connection refused"], 20);
}

INSTANTIATE_TEST_SUITE_P(Links, BenchTest, ::testing::Values(LinkKind::packet, LinkKind::tap),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(BenchEchoTest, TimesRoundTripsWithLeatEcho) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, LinkKind::tap);
  Served echo(lab, LinkKind::tap, {"echo"});
  ASSERT_TRUE(echo.running());
  const Outcome o = bench(lab, LinkKind::tun, {"--ping-pong", echo.address(), "--count", "100", "--json"});
  EXPECT_EQ(o.code, 0) << o.errors;
  EXPECT_EQ(o.parsed()["round_trips"], 100);
  echo.end();
}

}  // namespace
}  // namespace leat::interop
