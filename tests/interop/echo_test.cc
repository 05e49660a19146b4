// `leat echo` with netcat and telnet: all data comes back, also after the client has closed its side.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::LinkKind;

class EchoTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(EchoTest, NetcatGetsAMegabyteBackAfterItsHalfClose) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nc", "sha256sum");
  const Folder folder;
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  write_noise(folder / "sent", 1'000'001);
  Served served(lab, GetParam(), {"echo"});
  ASSERT_TRUE(served.running());
  std::vector<lab::Process> clients;
  for (const std::string name : {"one", "two", "three"}) {
    const std::string script =
        "nc -N " + served.address() + " 7 <" + std::string(folder / "sent") + " >" + std::string(folder / name);
    auto client = lab.spawn(lab::kFar, {"sh", "-ec", script});
    ASSERT_TRUE(client) << client.error().message;
    clients.push_back(std::move(*client));
  }
  for (lab::Process& client : clients) expect_success(client, 60s);
  for (const char* name : {"one", "two", "three"}) {
    EXPECT_EQ(sha256_of(lab, folder / name), sha256_of(lab, folder / "sent"));
  }
  served.end();
}

INSTANTIATE_TEST_SUITE_P(Links, EchoTest, ::testing::Values(LinkKind::packet, LinkKind::tap, LinkKind::xdp),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(EchoTelnetTest, TypedLinesComeBack) {
  LEAT_SKIP_WITHOUT_PROGRAMS("telnet");
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  Served served(lab, lab.best_link(), {"echo"});
  ASSERT_TRUE(served.running());
  // Types each line when the previous one has come back, then the escape that ends telnet.
  const std::string script = R"(
    mkfifo "$1/keys" "$1/screen"
    telnet "$2" 7 <"$1/keys" >"$1/screen" 2>&1 &
    exec 3>"$1/keys" 4<"$1/screen"
    expect() { while read -r line <&4; do case $line in *"$1"*) return 0;; esac; done; echo "no $1" >&2; exit 1; }
    expect Escape
    for word in one two three; do echo "line $word" >&3; expect "line $word"; done
    printf '\035\nquit\n' >&3
  )";
  const Folder folder;
  auto typist = lab.spawn(lab::kFar, {"sh", "-c", script, "sh", folder.path(), served.address()});
  ASSERT_TRUE(typist) << typist.error().message;
  expect_success(*typist, 30s);
  served.end();
}

}  // namespace
}  // namespace leat::interop
