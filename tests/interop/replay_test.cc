// wget, curl, netcat and Chromium receive a recorded response exactly, all at once: without loss and with offloads, and
// with a loss of 10 % of the wire frames in each direction. With 30 % loss the first three receive a smaller response.
#include <gtest/gtest.h>

#include <fstream>

#include "lab/loss.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

struct ReplayCase {
  LinkKind link = LinkKind::packet;
  double loss = 0;  ///< percent in each direction
};

std::string name_of_replay(const ReplayCase& c) {
  return name_of(c.link) + (c.loss == 0 ? "_clean" : "_" + std::to_string(static_cast<int>(c.loss)) + "_percent");
}

void PrintTo(const ReplayCase& c, std::ostream* out) { *out << name_of_replay(c); }

/// A client, and the file that it should save.
struct Client {
  std::string name;
  std::vector<std::string> command;
  std::string saved;
  std::string sha256;  ///< empty for a screenshot, which must show the picture
};

/// Chromium with an empty profile. It saves a screenshot of the picture.
Client chromium(const Served& served, const Folder& folder) {
  const std::string home = folder / "chromium", saved = folder / "screenshot.png";
  std::filesystem::create_directory(home);
  return {"chromium",
          {"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--disable-background-networking", "--disable-sync", "--disable-component-update", "--disable-quic",
           "--no-first-run", "--no-proxy-server", "--user-data-dir=" + home, "--window-size=400,300",
           "--force-device-scale-factor=1", "--force-color-profile=srgb", "--hide-scrollbars", "--screenshot=" + saved,
           served.url("/picture.png")},
          saved,
          ""};
}

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
      // Keeps its side open and waits for the FIN of the server.
      {"nc", shell(request + " | nc" + nc + ">" + saved("nc")), saved("nc"), recorded.response_sha256},
      // Sends nothing and closes its side.
      {"nc_N", shell("nc -N" + nc + ">" + saved("nc_N") + " </dev/null"), saved("nc_N"), recorded.response_sha256},
      chromium(served, folder),
  };
}

void check_saved(const lab::Lab& lab, const Client& client, const std::string& picture) {
  if (!client.sha256.empty()) {
    EXPECT_EQ(sha256_of(lab, client.saved), client.sha256);
    return;
  }
  const auto found = lab.run_tool(lab::kFar, {LEAT_SOURCE_DIR "/tests/interop/find_picture.py", picture, client.saved});
  EXPECT_TRUE(found) << found.error().message;
}

/// Runs all clients at once in far.
void run_clients(const lab::Lab& lab, const std::vector<Client>& clients, const Folder& folder,
                 const std::string& picture) {
  lab::SpawnOptions options;
  options.environment = {"HOME=" + std::string(folder.path())};
  std::vector<lab::Process> running;
  for (const Client& client : clients) {
    auto process = lab.spawn(lab::kFar, client.command, options);
    ASSERT_TRUE(process) << process.error().message;
    running.push_back(std::move(*process));
  }
  for (std::size_t i = 0; i < clients.size(); ++i) {
    SCOPED_TRACE(clients[i].name);
    expect_success(running[i], 280s);
    check_saved(lab, clients[i], picture);
  }
}

void check_replay_middle(const lab::MiddleCounters& middle, LinkKind link, double loss) {
  if (loss == 0) {
    EXPECT_EQ(middle.lost_out + middle.lost_back, 0u);
    if (link != LinkKind::raw) {
      EXPECT_GT(middle.super_segments, 0u) << "the offloads were not on";
    }
    return;
  }
  EXPECT_EQ(middle.super_segments, 0u) << "the middle did not see single wire frames";
  EXPECT_GT(middle.seen_out, 200u);
  EXPECT_FALSE(lab::loss_is_missing({loss, loss}, middle));
}

class ReplayTest : public ::testing::TestWithParam<ReplayCase> {};

TEST_P(ReplayTest, ReachesEachClientExactly) {
  const auto [link, loss] = GetParam();
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "wget", "nc", "chromium", "python3", "sha256sum");
  const Folder folder;
  lab::LabConfig config;
  config.loss = {loss, loss};
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, link);
  const Recorded recorded(lab, folder);
  Served served(lab, link, {"serve", "--replay", recorded.response});
  ASSERT_TRUE(served.running());

  ASSERT_NO_FATAL_FAILURE(run_clients(lab, all_clients(served, recorded, folder), folder, recorded.picture));
  served.end();
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  check_replay_middle(*middle, link, loss);
}

INSTANTIATE_TEST_SUITE_P(Clients, ReplayTest,
                         ::testing::Values(ReplayCase{LinkKind::packet, 0}, ReplayCase{LinkKind::tap, 0},
                                           ReplayCase{LinkKind::raw, 0}, ReplayCase{LinkKind::packet, 10},
                                           ReplayCase{LinkKind::tap, 10}, ReplayCase{LinkKind::raw, 10}),
                         [](const auto& instance) { return name_of_replay(instance.param); });

TEST(LossyReplayTest, CompletesWhenThreeFramesInTenAreLost) {
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "wget", "nc", "sha256sum");
  const Folder folder;
  lab::LabConfig config;
  config.loss = {30, 30};
  LEAT_LAB_OR_SKIP(lab, config);
  const std::string body = folder / "body", response = folder / "response";
  write_noise(body, 20'000);
  std::ofstream(response, std::ios::binary) << "HTTP/1.0 200 OK\r\nContent-Length: 20000\r\n\r\n"
                                            << std::ifstream(body, std::ios::binary).rdbuf();
  // A segment that is lost seven times in a row is late by a minute. That happens to one in a hundred.
  Served served(lab, LinkKind::packet, {"serve", "--timeout=250s", "--replay", response});
  ASSERT_TRUE(served.running());
  const std::string nc = "printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc " + served.address() + " 8080 >";
  const std::vector<Client> clients = {
      {"wget",
       {"wget", "-nv", "--tries=1", "--timeout=270", "-O", folder / "wget", served.url()},
       folder / "wget",
       sha256_of(lab, body)},
      {"curl",
       {"curl", "-sS", "--max-time", "270", "-o", folder / "curl", served.url()},
       folder / "curl",
       sha256_of(lab, body)},
      {"nc", {"sh", "-ec", nc + std::string(folder / "nc")}, folder / "nc", sha256_of(lab, response)},
  };
  ASSERT_NO_FATAL_FAILURE(run_clients(lab, clients, folder, {}));
  served.end();
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  EXPECT_FALSE(lab::loss_is_missing({30, 30}, *middle));
}

}  // namespace
}  // namespace leat::interop
