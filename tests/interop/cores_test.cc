// `leat serve --cores 2`: each core answers its part of the connections, and all bytes are right.
#include <gtest/gtest.h>

#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

/// The output of --stats for one core.
std::string of_core(const std::string& stats, int core) {
  const std::size_t begin = stats.rfind("core " + std::to_string(core) + "\n");
  if (begin == stats.npos) return {};
  return stats.substr(begin, stats.find("core " + std::to_string(core + 1) + "\n", begin) - begin);
}

class CoresTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(CoresTest, BothAnswerAndEveryByteIsRight) {
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "sha256sum");
  const Folder folder;
  lab::LabConfig config;
  config.several_queues = true;
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  write_noise(folder / "noise.bin", 300'001);
  Served served(lab, GetParam(), {"serve", "--quiet", "--cores=2", "--stats", folder / "noise.bin"});
  ASSERT_TRUE(served.running());
  // Each request has its own connection. A hash of its ports selects the core.
  const std::string script = "for i in $(seq 40); do curl -sSf -o got \"$1\" && cmp got noise.bin || exit 1; done";
  lab::SpawnOptions options;
  options.directory = folder.path();
  auto clients = lab.spawn(lab::kFar, {"sh", "-c", script, "sh", served.url("/noise.bin")}, options);
  ASSERT_TRUE(clients) << clients.error().message;
  expect_success(*clients, 60s);
  const std::string stats = served.end();
  std::uint64_t connections = 0;
  for (const int core : {0, 1}) {
    const std::uint64_t of_this = counter_in(of_core(stats, core), "TcpPassiveOpens");
    EXPECT_GT(of_this, 0u) << "core " << core;
    connections += of_this;
  }
  EXPECT_EQ(connections, 40u) << stats;
}

INSTANTIATE_TEST_SUITE_P(Links, CoresTest,
                         ::testing::Values(LinkKind::packet, LinkKind::tap, LinkKind::tun, LinkKind::xdp,
                                           LinkKind::xdp_shared),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(CoresOfAnXdpLinkTest, KilledTheyLeaveNoProgram) {
  LEAT_SKIP_WITHOUT_PROGRAMS("ip");
  lab::LabConfig config;
  config.several_queues = true;
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, LinkKind::xdp);
  const auto has_program = [&] {
    const auto text = lab.run_tool(lab::kNear, {"ip", "link", "show", "dev", "near0"});
    EXPECT_TRUE(text) << text.error().message;
    return text && text->find("xdp") != std::string::npos;
  };
  Served served(lab, LinkKind::xdp, {"echo", "--cores=2"});
  ASSERT_TRUE(served.running());
  EXPECT_TRUE(has_program());
  served.process().signal(SIGKILL);
  ASSERT_TRUE(served.process().wait_for(20s));
  EXPECT_FALSE(has_program());
}

TEST(CoresOfALinkTest, WhatCannotBeSharedIsRefused) {
  LEAT_SKIP_WITHOUT_PROGRAMS("sh");
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  auto refused = lab.spawn(lab::kNear, {LEAT_BINARY, "echo", "--link", "raw", "--cores", "2"});
  ASSERT_TRUE(refused) << refused.error().message;
  const auto ended = refused->wait_for(10s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->shell_code(), 2);
  EXPECT_NE(refused->errors().find("raw cannot be shared among cores: use a tap:NAME"), std::string::npos)
      << refused->errors();
}

}  // namespace
}  // namespace leat::interop
