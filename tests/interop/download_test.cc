// Leat downloads files whole from nginx on the kernel's TCP, over each kind of link: without loss with offloads on and
// off, and with a loss of 10 % of the wire frames in each direction.
#include <gtest/gtest.h>

#include "lab/loss.h"
#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

struct Case {
  LinkKind link = LinkKind::packet;
  unsigned megabytes = 2;
  const char* location = "";  ///< a location of lab::WebServer
  double loss = 0;            ///< percent in each direction
  bool offloads = true;       ///< of Leat; those of the middle are on without loss
};

std::string name_of_case(const Case& c) {
  const std::string location = c.location;
  return name_of(c.link) + "_" + std::to_string(c.megabytes) + "MB" +
         (location.empty()         ? ""
          : location == "/chunked" ? "_chunked"
                                   : "_until_close") +
         (c.loss > 0 ? "_lossy" : "_clean") + (c.offloads ? "" : "_plain");
}

void PrintTo(const Case& c, std::ostream* out) { *out << name_of_case(c); }

/// Expects that the middle has lost frames, because the test proves nothing otherwise.
void check_middle(const lab::MiddleCounters& middle, double loss) {
  if (loss == 0) {
    EXPECT_EQ(middle.lost_out + middle.lost_back, 0u);
    EXPECT_GT(middle.super_segments, 0u) << "the offloads were not on";
    return;
  }
  EXPECT_EQ(middle.super_segments, 0u) << "the middle did not see single wire frames";
  const auto share = [](std::uint64_t lost, std::uint64_t seen) {
    return static_cast<double>(lost) / static_cast<double>(seen);
  };
  ASSERT_GT(middle.seen_back, 1000u);
  EXPECT_NEAR(share(middle.lost_back, middle.seen_back), loss / 100, 0.06);
  EXPECT_FALSE(lab::loss_is_missing({loss, loss}, middle));
}

void check_download(const Case& c) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "sha256sum");
  const Folder folder;
  std::filesystem::create_directory(folder / "www");
  write_noise(folder / "www" / "noise.bin", c.megabytes * 1'000'000u + 1);

  lab::LabConfig config;
  config.loss = {c.loss, c.loss};
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, c.link);
  auto server = lab::WebServer::start(lab, folder / "www", lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;

  lab::SpawnOptions in_folder;
  in_folder.directory = folder.path();
  const std::string url = server->base_url() + c.location + "/noise.bin";
  std::vector<std::string> arguments = {"-S", "-s", "--stats", url};
  if (!c.offloads) arguments.insert(arguments.begin(), "--no-offloads");
  auto get = lab.spawn(lab::kNear, leat_get(lab, c.link, arguments), in_folder);
  ASSERT_TRUE(get) << get.error().message;
  const auto ended = get->wait_for(240s);
  ASSERT_TRUE(ended) << "no end in sight: " << get->errors();
  ASSERT_TRUE(ended->success()) << ended->to_string() << ": " << get->errors();

  EXPECT_EQ(sha256_of(lab, folder / "noise.bin"), sha256_of(lab, folder / "www" / "noise.bin")) << get->errors();
  EXPECT_FALSE(std::filesystem::exists(folder / "noise.bin.part"));
  const bool plain = get->errors().find("super-segments") == std::string::npos;
  const bool has_offloads = c.link != LinkKind::raw && c.link != LinkKind::xdp && c.link != LinkKind::xdp_shared;
  EXPECT_EQ(plain, !c.offloads || !has_offloads) << get->errors();
  const auto middle = lab.counters();
  ASSERT_TRUE(middle) << middle.error().message;
  check_middle(*middle, c.loss);
}

class DownloadTest : public ::testing::TestWithParam<Case> {};

TEST_P(DownloadTest, ArrivesWhole) { check_download(GetParam()); }

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const LinkKind link : {LinkKind::packet, LinkKind::tap, LinkKind::tun, LinkKind::packet_shared, LinkKind::raw,
                              LinkKind::xdp, LinkKind::xdp_shared}) {
    for (const unsigned megabytes : {2u, 10u, 50u}) {
      for (const bool offloads : {true, false}) {
        cases.push_back({.link = link, .megabytes = megabytes, .offloads = offloads});
      }
    }
    cases.push_back({.link = link, .megabytes = 10, .location = "/chunked"});
    cases.push_back({.link = link, .megabytes = 2, .location = "/until-close"});
    for (const unsigned megabytes : {2u, 10u}) cases.push_back({.link = link, .megabytes = megabytes, .loss = 10});
    cases.push_back({.link = link, .megabytes = 2, .location = "/chunked", .loss = 10});
  }
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Nginx, DownloadTest, ::testing::ValuesIn(all_cases()),
                         [](const auto& instance) { return name_of_case(instance.param); });

TEST(OrdinaryUserDownloadTest, ArrivesWholeWithoutRoot) {
  lab::testing::as_ordinary_user([] { check_download({.link = LinkKind::packet, .megabytes = 2, .loss = 10}); });
}

}  // namespace
}  // namespace leat::interop
