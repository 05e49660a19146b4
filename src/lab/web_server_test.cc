#include "lab/web_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lab/capture.h"
#include "lab/testing/support.h"
#include "lab/tools.h"

namespace leat::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A folder with one file. The destructor removes it.
class Site {
 public:
  Site() {
    std::string name = std::filesystem::temp_directory_path() / "leat-lab-test-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    ::chmod(folder_.c_str(), 0777);
    for (int i = 0; i < 10'000; ++i) content_ += "line " + std::to_string(i) + "\n";
    std::ofstream(folder_ / "page.txt") << content_;
  }
  ~Site() { std::filesystem::remove_all(folder_); }

  std::string folder() const { return folder_; }
  const std::string& content() const { return content_; }

 private:
  std::filesystem::path folder_;
  std::string content_;
};

struct Answer {
  std::string headers, body;
};

Answer fetch(const Lab& lab, const std::string& url) {
  auto answer = lab.run_tool(kNear, {"curl", "-sS", "-i", "--max-time", "60", url});
  if (!answer) return {answer.error().message, {}};
  const std::size_t end = answer->find("\r\n\r\n");
  return {answer->substr(0, end), end == std::string::npos ? std::string() : answer->substr(end + 4)};
}

void check_nginx(const Site& site) {
  for (const char* tool : {"nginx", "curl"}) {
    if (const auto found = find_tool(tool); !found) GTEST_SKIP() << found.error().message;
  }
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  auto server = WebServer::start(lab, site.folder(), WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(server->base_url(), "http://10.77.2.2");

  const Answer plain = fetch(lab, server->base_url() + "/page.txt");
  EXPECT_THAT(plain.headers, HasSubstr("Content-Length: " + std::to_string(site.content().size())));
  EXPECT_EQ(plain.body, site.content());

  const Answer chunked = fetch(lab, server->base_url() + "/chunked/page.txt");
  EXPECT_THAT(chunked.headers, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(chunked.headers, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(chunked.body, site.content());

  const Answer until_close = fetch(lab, server->base_url() + "/until-close/page.txt");
  EXPECT_THAT(until_close.headers, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(until_close.headers, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(until_close.body, site.content());

  EXPECT_EQ(fetch(lab, server->base_url() + "/rate/10m/page.txt").body, site.content());
  EXPECT_THAT(fetch(lab, server->base_url() + "/redirect/page.txt").headers, HasSubstr("302"));
  EXPECT_THAT(fetch(lab, server->base_url() + "/silent").headers, HasSubstr("Empty reply"));
  EXPECT_THAT(fetch(lab, server->base_url() + "/nothing").headers, HasSubstr("404"));
}

TEST(WebServerTest, NginxServesAFileInSeveralWays) {
  const Site site;
  check_nginx(site);
}

TEST(WebServerTest, NginxServesForAnOrdinaryUser) {
  const Site site;
  testing::as_ordinary_user([&site] { check_nginx(site); });
}

TEST(WebServerTest, PythonServesWhereThereIsNoNginx) {
  if (const auto found = find_tool("python3"); !found) GTEST_SKIP() << found.error().message;
  if (const auto found = find_tool("curl"); !found) GTEST_SKIP() << found.error().message;
  const Site site;
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  auto server = WebServer::start(lab, site.folder(), WebServer::Program::python, 8080);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_FALSE(server->is_nginx());
  EXPECT_EQ(fetch(lab, server->base_url() + "/page.txt").body, site.content());
}

TEST(WebServerTest, SaysWhyItCouldNotStart) {
  if (const auto found = find_tool("nginx"); !found) GTEST_SKIP() << found.error().message;
  LEAT_LAB_OR_SKIP(lab, LabConfig{});
  const auto refused = WebServer::start(lab, "/a\"b", WebServer::Program::nginx);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("/a\"b"));

  auto first = WebServer::start(lab, "/", WebServer::Program::nginx);
  ASSERT_TRUE(first) << first.error().message;
}

TEST(CaptureTest, KeepsWhatPassesInOrder) {
  if (const auto found = find_tool("tshark"); !found) GTEST_SKIP() << found.error().message;
  const Site site;
  testing::as_ordinary_user([&site] {
    LEAT_LAB_OR_SKIP(lab, LabConfig{});
    const std::string file = site.folder() + "/capture.pcapng";
    auto capture = Capture::start(lab, kNear, "near0", file);
    ASSERT_TRUE(capture) << capture.error().message;
    auto sender = lab.run_inside(kNear, [] { return testing::send_datagrams(Lab::kFarAddress, 20); });
    ASSERT_TRUE(sender && sender->wait().success());
    const auto stopped = capture->stop();
    ASSERT_TRUE(stopped) << stopped.error().message;
    const auto listing =
        lab.run_tool(kNear, {"tshark", "-r", file, "-Y", "udp.dstport == 9 && !icmp", "-T", "fields", "-e", "ip.dst"});
    ASSERT_TRUE(listing) << listing.error().message;
    std::string expected;
    for (int i = 0; i < 20; ++i) expected += std::string(Lab::kFarAddress) + "\n";
    EXPECT_EQ(*listing, expected);
  });
}

}  // namespace
}  // namespace leat::lab
