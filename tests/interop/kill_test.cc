// `leat get` and `leat lab` are killed at several points. No namespace, firewall rule, interface or incomplete file
// under the final name remains.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>

#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using lab::Lab;
using lab::LinkKind;

constexpr std::size_t kKilledSize = 1'000'000;
constexpr const char* kOlder = "an older file";

/// Checks every millisecond until `holds` is true. Returns false after half a minute.
bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::usleep(1000);
  }
  return true;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uintmax_t size_of(const fs::path& path) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  return error ? 0 : size;
}

/// Runs in far: accepts one connection to port 81 and its request, writes "asked", and never answers.
int listen_in_silence() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_port = htons(81);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&here), sizeof here) != 0 || ::listen(listener, 1) != 0)
    return errno;
  (void)!::write(2, "listening\n", 10);
  const int stream = ::accept(listener, nullptr, nullptr);
  char request[1024];
  if (::recv(stream, request, sizeof request, 0) <= 0) return errno;
  (void)!::write(2, "asked\n", 6);
  for (;;) ::pause();
}

/// The state of near that a run could change. It must be the same before and after. The state of links (up or down) is
/// not part of it, because the kernel reports it late.
std::string traces_in_near(const Lab& lab) {
  const std::string script =
      "PATH=$PATH:/usr/sbin:/sbin; nft list ruleset; cut -d: -f1 /proc/net/dev; ip -o addr show; ip rule show;"
      "ip route show | sed 's/ linkdown//'; ip -d link show dev near0 | grep -o 'promiscuity [0-9]*'; ip link show dev near0 | grep -o xdp || true; ls /run";
  const auto text = lab.run_tool(lab::kNear, {"sh", "-ec", script});
  EXPECT_TRUE(text) << text.error().message;
  return text ? *text : std::string();
}

class KilledGet {
 public:
  KilledGet(Lab& lab, LinkKind link, int signal) : lab_(lab), link_(link), signal_(signal) {}

  /// Starts `leat get` of `url`, waits until `at_point`, kills it, and checks the remains. Near its end it may be
  /// faster than the signal.
  void run(const std::string& url, const std::function<bool()>& at_point, bool may_finish = false) {
    fs::remove(part());
    auto get = lab_.spawn(lab::kNear, leat_get(lab_, link_, {"-s", "-S", "-o", saved(), url}));
    ASSERT_TRUE(get) << get.error().message;
    ASSERT_TRUE(eventually([&] { return at_point() || get->wait_for(0ms); })) << get->errors();
    get->signal(signal_);
    const auto ended = get->wait_for(20s);
    ASSERT_TRUE(ended) << "it did not end";
    const std::string left = content_of(saved());
    if (ended->success()) {
      EXPECT_TRUE(may_finish && left == expected_) << "it ended before it could be killed";
      return;
    }
    EXPECT_EQ(ended->shell_code(), 128 + signal_) << get->errors();
    EXPECT_TRUE(left == before_ || left == expected_) << left.size() << " bytes under the final name";
    EXPECT_EQ(fs::exists(saved()), !before_.empty() || left == expected_);
  }

  void expect(std::string content) { expected_ = std::move(content); }
  void put_older_file() { std::ofstream(saved()) << (before_ = kOlder); }
  void remove_file() {
    fs::remove(saved());
    before_.clear();
  }
  fs::path saved() const { return folder_ / "saved.bin"; }
  fs::path part() const { return folder_ / "saved.bin.part"; }

 private:
  Lab& lab_;
  LinkKind link_;
  int signal_;
  Folder folder_;
  std::string before_, expected_;
};

class KillGetTest : public ::testing::TestWithParam<std::tuple<LinkKind, int>> {};

TEST_P(KillGetTest, LeavesNothingHalfDone) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx");
  const auto [link, signal] = GetParam();
  const Folder www;
  write_noise(www / "noise.bin", kKilledSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, link);
  auto server = lab::WebServer::start(lab, www.path(), lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  const std::string url = server->base_url() + "/rate/1m/noise.bin";
  const std::string before = traces_in_near(lab);
  const std::set<std::string> interfaces = lab::testing::interface_names();
  KilledGet get(lab, link, signal);
  get.expect(content_of(www / "noise.bin"));

  {
    SCOPED_TRACE("while its SYN is not answered");
    ASSERT_TRUE(lab.set_loss({.out = 100, .back = 0}));
    get.run(url, [&lab] {
      const auto counters = lab.counters();
      return counters && counters->lost_out > 0;
    });
    ASSERT_TRUE(lab.set_loss({}));
  }
  {
    SCOPED_TRACE("while its request is not answered");
    auto silent = lab.run_inside(lab::kFar, listen_in_silence);
    ASSERT_TRUE(silent && silent->wait_for_errors("listening", 20s));
    get.run(std::string("http://") + Lab::kFarAddress + ":81/noise.bin",
            [&silent] { return silent->errors().find("asked") != std::string::npos; });
  }
  for (const double share : {0.0, 0.1, 0.5, 0.99}) {
    for (const bool over_an_older_file : {false, true}) {
      SCOPED_TRACE(std::to_string(share) + (over_an_older_file ? " of the body, over an older file" : " of the body"));
      over_an_older_file ? get.put_older_file() : get.remove_file();
      const auto has_share = [&get, share] {
        return fs::exists(get.part()) && static_cast<double>(size_of(get.part())) >= share * kKilledSize;
      };
      get.run(url, has_share, share > 0.9);
    }
  }
  EXPECT_EQ(traces_in_near(lab), before);
  EXPECT_EQ(lab::testing::interface_names(), interfaces);
}

INSTANTIATE_TEST_SUITE_P(Signals, KillGetTest,
                         ::testing::Combine(::testing::Values(LinkKind::packet, LinkKind::tap, LinkKind::xdp),
                                            ::testing::Values(SIGINT, SIGTERM, SIGHUP, SIGKILL)),
                         [](const auto& instance) {
                           return name_of(std::get<0>(instance.param)) + "_signal" +
                                  std::to_string(std::get<1>(instance.param));
                         });

/// Starts `leat lab` with a download in it as a child of this process.
lab::Process start_lab_with_get(const Folder& folder) {
  const std::string script = "readlink /proc/self/ns/net /proc/self/ns/pid >'" + (folder / "namespaces").string() +
                             "'; exec '" LEAT_BINARY "' get -s -o '" + (folder / "saved.bin").string() +
                             "' \"$LEAT_LAB_URL/rate/1m/noise.bin\"";
  const std::string www = folder.path();
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(LEAT_BINARY, LEAT_BINARY, "lab", "--quiet", "--serve", www.c_str(), "--", "sh", "-c", script.c_str(),
            static_cast<char*>(nullptr));
    ::_exit(126);
  }
  return lab::Process(child, false, {}, {});
}

void kill_lab_command_by(int signal) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx");
  LEAT_SKIP_WITHOUT_LAB();
  const Folder folder;
  write_noise(folder / "noise.bin", kKilledSize);
  const std::set<std::string> interfaces = lab::testing::interface_names();
  // This process inherits the processes of the lab when its creator is killed, so it can wait for the last of them.
  ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  lab::Process command = start_lab_with_get(folder);
  const bool half = eventually(
      [&] { return size_of(folder / "saved.bin.part") >= kKilledSize / 2 || command.wait_for(0ms).has_value(); });
  std::istringstream lines(content_of(folder / "namespaces"));
  std::string network, processes;
  lines >> network >> processes;
  EXPECT_GE(lab::testing::processes_in(processes), 3u);
  command.signal(signal);
  const auto ended = command.wait_for(20s);
  while (ended && (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR)) {
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);

  EXPECT_TRUE(half);
  ASSERT_TRUE(ended) << "leat lab did not end";
  EXPECT_EQ(ended->shell_code(), 128 + signal);
  ASSERT_FALSE(network.empty() || processes.empty());
  EXPECT_EQ(lab::testing::processes_in(network), 0u);
  EXPECT_EQ(lab::testing::processes_in(processes), 0u);
  EXPECT_EQ(lab::testing::interface_names(), interfaces);
  EXPECT_FALSE(fs::exists(folder / "saved.bin"));
}

class KillLabTest : public ::testing::TestWithParam<int> {};

TEST_P(KillLabTest, LeavesNoNamespaceAndNoFile) { kill_lab_command_by(GetParam()); }

TEST_P(KillLabTest, LeavesNoNamespaceAndNoFileOfAnOrdinaryUser) {
  lab::testing::as_ordinary_user([] { kill_lab_command_by(GetParam()); });
}

INSTANTIATE_TEST_SUITE_P(Signals, KillLabTest, ::testing::Values(SIGINT, SIGTERM, SIGHUP, SIGKILL),
                         [](const auto& instance) { return "signal" + std::to_string(instance.param); });

}  // namespace
}  // namespace leat::interop
