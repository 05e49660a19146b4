// A server that is started again is reached at once, and one whose address another station uses says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;
using ::testing::HasSubstr;

class RestartTest : public ::testing::TestWithParam<LinkKind> {};

INSTANTIATE_TEST_SUITE_P(Links, RestartTest, ::testing::Values(LinkKind::packet, LinkKind::tap),
                         [](const auto& test) { return name_of(test.param); });

void fetch_within_a_second(const lab::Lab& lab, const Served& served) {
  auto curl = lab.spawn(lab::kFar, {"curl", "-sS", "--connect-timeout", "1", "-o", "/dev/null", served.url()});
  ASSERT_TRUE(curl) << curl.error().message;
  expect_success(*curl, 30s);
}

/// The neighbour, which is the router in the middle or the kernel beside, knows the link address of the first run.
TEST_P(RestartTest, NeighboursReachTheNextRunAtOnce) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  LEAT_SKIP_WITHOUT_PROGRAMS("curl");
  const Folder folder;
  write_noise(folder / "index.html", 1000);
  const std::vector<std::string> serve = {"serve", folder.path(), "--port", "8080"};
  const auto serve_and_fetch = [&](const std::vector<std::string>& command) {
    Served served(lab, GetParam(), command);
    if (!served.running()) return;
    fetch_within_a_second(lab, served);
    served.end();
  };
  serve_and_fetch(serve);
  serve_and_fetch(serve);  // the same link address
  std::vector<std::string> with_another_address = serve;
  with_another_address.insert(with_another_address.end(), {"--mac", "02:00:00:00:00:77"});
  serve_and_fetch(with_another_address);  // the announcement tells
}

TEST(AddressConflictTest, AnotherStationWithOurAddressIsTold) {
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, LinkKind::packet);
  LEAT_SKIP_WITHOUT_PROGRAMS("curl");
  const Folder folder;
  // 10.77.1.1 is the router's, too.
  auto server = lab.spawn(lab::kNear, {LEAT_BINARY, "serve", folder.path(), "--port", "8080", "--link", "packet:near0",
                                       "--address", "10.77.1.1/24"});
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_TRUE(server->wait_for_errors(" on ", 30s)) << server->errors();
  // The router asks for a neighbour, and gives its own address as the sender's.
  auto curl = lab.spawn(lab::kFar, {"curl", "-s", "--max-time", "1", "http://10.77.1.9/"});
  ASSERT_TRUE(curl) << curl.error().message;
  EXPECT_TRUE(server->wait_for_errors("address conflict", 10s));
  EXPECT_THAT(server->errors(), HasSubstr("also uses 10.77.1.1"));
  server->signal(SIGINT);
  EXPECT_TRUE(server->wait_for(30s));
}

}  // namespace
}  // namespace leat::interop
