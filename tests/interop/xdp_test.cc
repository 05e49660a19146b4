// An xdp link on an interface that the kernel uses as well. The traffic of the kernel continues, and after the process
// is killed the interface is as before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>

#include "lab/testing/support.h"
#include "served.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::Lab;
using lab::LinkKind;
using ::testing::HasSubstr;

constexpr std::size_t kXdpSize = 3'000'001;

bool has_program(const Lab& lab) {
  const auto text = lab.run_tool(lab::kNear, {"ip", "link", "show", "dev", "near0"});
  EXPECT_TRUE(text) << text.error().message;
  return text && text->find("xdp") != std::string::npos;
}

class XdpTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(XdpTest, TheKernelGoesOnBesideItAndAKilledProcessLeavesNoProgram) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "curl", "sha256sum");
  const Folder folder;
  std::filesystem::create_directory(folder / "www");
  write_noise(folder / "www" / "noise.bin", kXdpSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  auto server = lab::WebServer::start(lab, folder / "www", lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  const std::string expected = sha256_of(lab, folder / "www" / "noise.bin");
  const auto kernel_downloads = [&] {
    const std::string saved = folder / "by-kernel";
    const auto done =
        lab.run_tool(lab::kNear, {"curl", "-sS", "-m", "60", "-o", saved, server->base_url() + "/noise.bin"});
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_EQ(sha256_of(lab, saved), expected);
  };
  ASSERT_FALSE(has_program(lab));
  auto get = lab.spawn(
      lab::kNear,
      leat_get(lab, GetParam(), {"-S", "-v", "-o", folder / "cut-off", server->base_url() + "/rate/1m/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  ASSERT_TRUE(get->wait_for_errors("native XDP, copy mode", 60s)) << get->errors();
  ASSERT_TRUE(has_program(lab));
  kernel_downloads();

  get->signal(SIGKILL);
  const auto ended = get->wait_for(20s);
  ASSERT_TRUE(ended);
  ASSERT_EQ(ended->shell_code(), 128 + SIGKILL) << get->errors();
  EXPECT_FALSE(has_program(lab));
  kernel_downloads();
  const std::string saved = folder / "by-leat";
  const auto again =
      lab.run_tool(lab::kNear, leat_get(lab, GetParam(), {"-sS", "-o", saved, server->base_url() + "/noise.bin"}));
  EXPECT_TRUE(again) << again.error().message;
  EXPECT_EQ(sha256_of(lab, saved), expected);
  EXPECT_FALSE(has_program(lab));
}

TEST_P(XdpTest, ServesTheKernelsClientsWholeFiles) {
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "sha256sum");
  const Folder folder;
  write_noise(folder / "noise.bin", 10 * kXdpSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  Served served(lab, GetParam(), {"serve", folder.path(), "--port", "8080", "--stats"});
  ASSERT_TRUE(served.running());
  const std::string saved = folder / "saved.bin";
  const auto done = lab.run_tool(
      lab::kFar, {"curl", "-sS", "-m", "100", "-o", saved, "http://" + served.address() + ":8080/noise.bin"});
  EXPECT_TRUE(done) << done.error().message;
  EXPECT_EQ(sha256_of(lab, saved), sha256_of(lab, folder / "noise.bin"));
  EXPECT_THAT(served.end(), HasSubstr("(native XDP, copy mode, 1 queue)"));
}

INSTANTIATE_TEST_SUITE_P(Links, XdpTest, ::testing::Values(LinkKind::xdp, LinkKind::xdp_shared),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace leat::interop
