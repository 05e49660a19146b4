// A recorded response reaches wget, curl and netcat exactly: four of them at once, clean with offloads on, and when one
// wire frame in ten is lost each way; a smaller one, when it is three in ten.
#include <gtest/gtest.h>

#include "lab/loss.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

struct Case {
  LinkKind link = LinkKind::packet;
  double loss = 0;  ///< percent, each way
};

/// A client, and what it should save.
struct Client {
  std::string name;
  std::vector<std::string> command;
  std::string saved;
  std::string sha256;
};

std::vector<Client> all_clients(const Served& served, const Recorded& recorded, const Folder& folder) {
  const std::string url = served.url("/picture.png"), nc = " " + served.address() + " 8080 ";
  const auto saved = [&](const char* name) { return std::string(folder / name); };
  const auto shell = [](const std::string& script) { return std::vector<std::string>{"sh", "-ec", script}; };
  const std::string request = "printf 'GET / HTTP/1.0\\r\\n\\r\\n'";
  return {
      {"wget",
       {"wget", "-nv", "--tries=1", "--timeout=120", "-O", saved("wget"), url},
       saved("wget"),
       recorded.picture_sha256},
      {"curl", {"curl", "-sS", "--max-time", "200", "-o", saved("curl"), url}, saved("curl"), recorded.picture_sha256},
      // Waits for the server's FIN with its own side open, and without asking for an end.
      {"nc", shell(request + " | nc" + nc + ">" + saved("nc")), saved("nc"), recorded.response_sha256},
      // Asks for nothing and closes its side.
      {"nc_N", shell("nc -N" + nc + ">" + saved("nc_N") + " </dev/null"), saved("nc_N"), recorded.response_sha256},
  };
}

void check_middle(const lab::MiddleCounters& middle, double loss) {
  if (loss == 0) {
    EXPECT_EQ(middle.lost_out + middle.lost_back, 0u);
    EXPECT_GT(middle.super_segments, 0u) << "the offloads were not on";
    return;
  }
  EXPECT_EQ(middle.super_segments, 0u) << "the middle did not see single wire frames";
  EXPECT_GT(middle.seen_out, 200u);
  EXPECT_FALSE(lab::loss_is_missing({loss, loss}, middle));
}

class ReplayTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReplayTest, ReachesEachClientExactly) {
  const auto [link, loss] = GetParam();
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "wget", "nc", "sha256sum");
  const Folder folder;
  lab::LabConfig config;
  config.loss = {loss, loss};
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, link);
  const Recorded recorded(lab, folder);
  Served served(lab, link, {"serve", "--replay", recorded.response});
  ASSERT_TRUE(served.running());

  const std::vector<Client> clients = all_clients(served, recorded, folder);
  std::vector<lab::Process> running;
  for (const Client& client : clients) {
    auto process = lab.spawn(lab::kFar, client.command);
    ASSERT_TRUE(process) << process.error().message;
    running.push_back(std::move(*process));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    SCOPED_TRACE(clients[i].name);
    expect_success(running[i], 240s);
    EXPECT_EQ(sha256_of(lab, clients[i].saved), clients[i].sha256);
  }
  served.end();
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  check_middle(*middle, loss);
}

std::string name_of_case(const Case& c) {
  return name_of(c.link) + (c.loss == 0 ? "_clean" : "_" + std::to_string(static_cast<int>(c.loss)) + "_percent");
}

INSTANTIATE_TEST_SUITE_P(Clients, ReplayTest,
                         ::testing::Values(Case{LinkKind::packet, 0}, Case{LinkKind::tap, 0},
                                           Case{LinkKind::packet, 10}, Case{LinkKind::tap, 10}),
                         [](const auto& instance) { return name_of_case(instance.param); });

TEST(LossyReplayTest, CompletesWhenThreeFramesInTenAreLost) {
  LEAT_SKIP_WITHOUT_PROGRAMS("curl");
  const Folder folder;
  lab::LabConfig config;
  config.loss = {30, 30};
  LEAT_LAB_OR_SKIP(lab, config);
  // No HTTP at all: whatever is in the file is sent.
  const std::string recorded = folder / "recorded", saved = folder / "saved";
  write_noise(recorded, 20'001);
  Served served(lab, LinkKind::packet, {"serve", "--replay", recorded});
  ASSERT_TRUE(served.running());
  auto curl = lab.spawn(lab::kFar, {"curl", "-sS", "--http0.9", "--max-time", "200", "-o", saved, served.url()});
  ASSERT_TRUE(curl) << curl.error().message;
  expect_success(*curl, 240s);
  EXPECT_EQ(sha256_of(lab, saved), sha256_of(lab, recorded));
  served.end();
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  EXPECT_GT(middle->lost_out + middle->lost_back, 0u);
}

}  // namespace
}  // namespace leat::interop
