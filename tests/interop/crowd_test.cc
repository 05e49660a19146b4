// Many clients on the kernel's TCP: 10,000 connections open at once, 200 with loss, and 20,000 short ones one after
// another. Each is served correctly. Afterwards nothing is left of them: no socket, no memory, and no TIME-WAIT that
// prevents a connection.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <limits>

#include "crowd.h"
#include "lab/loss.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

/// The last numbers of --stats.
struct Population {
  long long connections = -1, half_open = -1, time_wait = -1;
};

Population last_population(const std::string& stats) {
  Population p;
  const std::size_t at = stats.rfind("\nsockets connections:");
  if (at == stats.npos) return p;
  long long orphans = 0, listeners = 0;
  std::sscanf(stats.c_str() + at,
              "\nsockets connections:%lld orphans:%lld listeners:%lld half_open:%lld time_wait:%lld", &p.connections,
              &orphans, &listeners, &p.half_open, &p.time_wait);
  return p;
}

/// Waits until the server reports these numbers of all connections and of open ones, and no half-open ones.
bool comes_to_have(const Served& served, std::uint64_t opened, long long left) {
  const auto deadline = std::chrono::steady_clock::now() + 90s;
  for (;;) {
    const std::string stats = served.errors();
    const Population p = last_population(stats);
    const std::uint64_t opens = counter_in(stats, "TcpPassiveOpens");
    if (opens == opened && p.connections == left && p.half_open == 0) return true;
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "of " << opens << " it has " << p.connections << ", and " << p.half_open << " half-open ones";
      return false;
    }
    ::usleep(100'000);  // ten thousand lines of statistics take long to read
  }
}

/// A sanitizer delays the reuse of freed memory, which would disturb the measurement of memory.
lab::SpawnOptions frugal() {
  lab::SpawnOptions options;
  options.environment = {"ASAN_OPTIONS=quarantine_size_mb=0:thread_local_quarantine_size_kb=0"};
  return options;
}

class CrowdTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(CrowdTest, TenThousandAreOpenAtOnceAndEachIsEchoed) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  if (files.rlim_max < 10'100) GTEST_SKIP() << "only " << files.rlim_max << " files may be open; raise ulimit -Hn";
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  Served served(lab, GetParam(), {"echo", "--stats=2s", "--max-clients=10000"}, frugal());
  ASSERT_TRUE(served.running());
  const Crowd crowd{served.address(), 7, 10'000};
  auto clients = lab.run_inside(lab::kFar, [&] { return echo_at_once(crowd); });
  ASSERT_TRUE(clients) << clients.error().message;
  ASSERT_TRUE(clients->wait_for_errors("open", 200s)) << clients->errors();
  ASSERT_TRUE(comes_to_have(served, 10'000, 10'000));
  clients->signal(SIGUSR1);
  expect_success(*clients, 200s);
  EXPECT_TRUE(comes_to_have(served, 10'000, 0));
  const std::string stats = served.end();
  EXPECT_EQ(counter_in(stats, "TcpEstabResets"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Links, CrowdTest, ::testing::Values(LinkKind::packet, LinkKind::raw),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(LossyCrowdTest, TwoHundredAreEchoedWhenOneFrameInTenIsLost) {
  lab::LabConfig config;
  config.loss = {10, 10};
  LEAT_LAB_OR_SKIP(lab, config);
  Served served(lab, lab.best_link(), {"echo", "--stats=1s"});
  ASSERT_TRUE(served.running());
  const Crowd crowd{served.address(), 7, 200};
  auto clients = lab.run_inside(lab::kFar, [&] { return echo_at_once(crowd); });
  ASSERT_TRUE(clients) << clients.error().message;
  ASSERT_TRUE(clients->wait_for_errors("open", 200s)) << clients->errors();
  ASSERT_TRUE(comes_to_have(served, 200, 200));
  clients->signal(SIGUSR1);
  expect_success(*clients, 200s);
  // The last FINs and their ACKs may have been lost several times.
  EXPECT_TRUE(comes_to_have(served, 200, 0));
  const std::string stats = served.end();
  EXPECT_EQ(counter_in(stats, "TcpEstabResets"), 0u);
  EXPECT_GT(counter_in(stats, "TcpRetransSegs"), 0u);
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  EXPECT_FALSE(lab::loss_is_missing({10, 10}, *middle));
}

class ShortTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(ShortTest, TwentyThousandLeaveNothing) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  const Folder folder;
  const std::string answer = "HTTP/1.0 200 OK\r\n\r\n" + std::string(1000, 'x');
  std::ofstream(folder / "answer", std::ios::binary) << answer;
  Served served(lab, GetParam(), {"serve", "--quiet", "--stats=1s", "--replay", folder / "answer"}, frugal());
  ASSERT_TRUE(served.running());
  const auto fetch = [&](std::size_t connections, std::size_t together) {
    const Crowd crowd{served.address(), 8080, connections};
    auto clients = lab.run_inside(lab::kFar, [&] { return fetch_in_turn(crowd, answer); });
    ASSERT_TRUE(clients) << clients.error().message;
    expect_success(*clients, 200s);
    ASSERT_TRUE(comes_to_have(served, together, 0));
  };
  ASSERT_NO_FATAL_FAILURE(fetch(2'000, 2'000));
  // A leak of 100 bytes a connection lets each round grow by 600 kB. A pool that grows because the machine was busy
  // does so in some of the rounds.
  std::size_t least_growth = std::numeric_limits<std::size_t>::max();
  for (const std::size_t ended : {8'000, 14'000, 20'000}) {
    const std::size_t before = served.resident();
    ASSERT_NO_FATAL_FAILURE(fetch(6'000, ended));
    const std::size_t after = served.resident();
    least_growth = std::min(least_growth, after - std::min(after, before));
  }
  EXPECT_LT(least_growth, 300'000u);
  const std::string stats = served.end();
  EXPECT_EQ(counter_in(stats, "TcpExtTW"), 20'000u);
  // Each of the thousand ports was used twenty times. A new connection replaced the TIME-WAIT of the previous one.
  const Population p = last_population(stats);
  EXPECT_GT(p.time_wait, 0);
  EXPECT_LE(p.time_wait, 1'000);
}

INSTANTIATE_TEST_SUITE_P(Links, ShortTest, ::testing::Values(LinkKind::packet, LinkKind::tap, LinkKind::raw),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace leat::interop
