#include "http/fetch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "http/testing/kernel_transport.h"

namespace leat::http {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

std::string ok(const std::string& body, const std::string& fields = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
std::string redirect(const std::string& to, const std::string& body = "") {
  return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}
std::string part(const std::string& range, const std::string& body) {
  return "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes " + range +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
constexpr auto kKeep = Step::Then::keep;
constexpr auto kHang = Step::Then::hang;

struct Watcher : FetchObserver {
  void line(Line kind, std::string_view text) override {
    lines += static_cast<char>(kind);
    lines.append(" ").append(text).append("\n");
  }
  void progress(std::uint64_t have, std::optional<std::uint64_t> total, std::uint64_t resumed) override {
    last_have = have, last_total = total, last_resumed = resumed;
    if (on_progress) on_progress();
  }
  std::string lines;
  std::uint64_t last_have = 0, last_resumed = 0;
  std::optional<std::uint64_t> last_total;
  std::function<void()> on_progress;
};

class FetchTest : public ::testing::Test {
 protected:
  FetchTest() {
    std::string pattern = (fs::temp_directory_path() / "leat-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    before_ = fs::current_path();
    fs::current_path(folder_);
    options_.now = [] { return Instant(std::chrono::steady_clock::now().time_since_epoch()); };
    options_.user_agent = "leat/test";
    options_.idle_timeout = 20s;
    options_.standard_output = ::memfd_create("stdout", MFD_CLOEXEC);
  }
  ~FetchTest() override {
    ::close(options_.standard_output);
    fs::current_path(before_);
    fs::remove_all(folder_);
  }

  Report get(const std::string& url, const std::string& output = "") {
    Fetcher fetcher(transport_, resolver_, watcher_, options_);
    return fetcher.fetch(url, output);
  }
  static std::string content(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return in ? out.str() : "(none)";
  }
  static void put(const std::string& name, const std::string& text) { std::ofstream(name) << text; }
  std::string printed() const { return content("/proc/self/fd/" + std::to_string(options_.standard_output)); }
  static std::size_t files() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator("."), fs::directory_iterator()));
  }

  fs::path folder_, before_;
  KernelTransport transport_;
  SystemResolver resolver_;
  Watcher watcher_;
  FetchOptions options_;
};

TEST_F(FetchTest, SavesUnderTheLastPathComponent) {
  ScriptedServer server({{{ok("hello", "Content-Type: text/plain\r\n")}}});
  const Report report = get(server.url("/a/file%20name.txt?x"));
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(content("file name.txt"), "hello");
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(report.file, "file name.txt");
  EXPECT_EQ(report.http_code, 200u);
  EXPECT_EQ(report.content_type, "text/plain");
  EXPECT_EQ(report.body_bytes, 5u);
  EXPECT_EQ(report.connections, 1u);
  EXPECT_EQ(report.remote.port, server.port());
  EXPECT_GT(report.connect, Duration::zero());
  EXPECT_GE(report.start_transfer, report.connect);
  EXPECT_GE(report.total, report.start_transfer);
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(server.requests().at(0),
            "GET /a/file%20name.txt?x HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: leat/test\r\nAccept: */*\r\n\r\n");
}

TEST_F(FetchTest, ARootIsCalledIndexHtml) {
  ScriptedServer server({{{"HTTP/1.0 200 OK\r\n\r\n<p>"}}});
  EXPECT_EQ(get(server.url("/")).exit_code, 0);
  EXPECT_EQ(content("index.html"), "<p>");
}

TEST_F(FetchTest, WritesWhereItIsTold) {
  ScriptedServer server({{{ok("one")}}, {{ok("two")}}, {{ok("three")}}});
  EXPECT_EQ(get(server.url("/x"), "other").exit_code, 0);
  EXPECT_EQ(content("other"), "one");
  EXPECT_EQ(get(server.url("/x"), "-").exit_code, 0);
  EXPECT_EQ(printed(), "two");
  EXPECT_EQ(get(server.url("/x"), "no/such/folder").exit_code, 23);
  EXPECT_EQ(files(), 1u);
}

TEST_F(FetchTest, HeadsAloneOrBeforeTheBody) {
  const std::string head = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\n";
  ScriptedServer server({{{head}}, {{head + "hello"}}});
  options_.head_only = true;
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  EXPECT_EQ(printed(), head);
  EXPECT_EQ(server.requests().at(0).substr(0, 7), "HEAD /x");
  EXPECT_EQ(files(), 0u);
  options_.head_only = false;
  options_.include_head = true;
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  EXPECT_EQ(content("x"), head + "hello");
}

TEST_F(FetchTest, AnErrorPageIsSavedUnlessToldToFail) {
  const std::string page = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone";
  ScriptedServer server({{{page}}, {{page}}});
  Report report = get(server.url("/x"));
  EXPECT_EQ(report.exit_code, 0);
  EXPECT_EQ(report.http_code, 404u);
  EXPECT_EQ(content("x"), "gone");
  fs::remove("x");
  options_.fail_on_error = true;
  report = get(server.url("/x"));
  EXPECT_EQ(report.exit_code, 22);
  EXPECT_NE(report.error.find("404"), std::string::npos);
  EXPECT_EQ(files(), 0u);
}

TEST_F(FetchTest, ATruncatedBodyStaysAPart) {
  ScriptedServer server({{{"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n01234"}},
                         {{"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 5-9/10\r\n"
                           "Content-Length: 5\r\n\r\n56789"}}});
  put("x", "old");
  EXPECT_EQ(get(server.url("/x")).exit_code, 18);
  EXPECT_EQ(content("x"), "old");
  EXPECT_EQ(content("x.part"), "01234");

  options_.resume = true;
  const Report report = get(server.url("/x"));
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(content("x"), "0123456789");
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(report.resumed_from, 5u);
  EXPECT_EQ(report.body_bytes, 5u);
  EXPECT_EQ(watcher_.last_have, 10u);
  EXPECT_EQ(watcher_.last_total, 10u);
  EXPECT_EQ(watcher_.last_resumed, 5u);
  const std::string request = server.requests().at(1);
  EXPECT_NE(request.find("\r\nRange: bytes=5-\r\n"), std::string::npos) << request;
}

TEST_F(FetchTest, AResumedFileThatChangedStartsAgain) {
  ScriptedServer server({{{ok("entirely new")}}});
  put("x.part", "01234");
  options_.resume = true;
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  EXPECT_EQ(content("x"), "entirely new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FetchTest, AResumedFileThatIsCompleteIsDone) {
  const std::string answer =
      "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\nContent-Length: 4\r\n\r\nnope";
  ScriptedServer server({{{answer}}, {{answer}}, {{answer}}});
  options_.resume = options_.fail_on_error = true;
  put("x.part", "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  EXPECT_EQ(content("x"), "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 0) << "now from the final name";
  EXPECT_EQ(content("x"), "01234");
  EXPECT_EQ(files(), 1u);
  put("x.part", "0123456");
  EXPECT_EQ(get(server.url("/x")).exit_code, 33) << "longer than the whole";
  EXPECT_EQ(content("x.part"), "0123456");
}

TEST_F(FetchTest, AResumeThatCannotBeKeepsWhatThereIs) {
  ScriptedServer server({{{part("0-9/10", "0123456789")}},
                         {{"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"}},
                         {{"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n\r\n567"}}});
  options_.resume = true;
  put("x.part", "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 33);
  EXPECT_EQ(content("x.part"), "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 22);
  EXPECT_EQ(content("x.part"), "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 18) << "the part ended early";
  EXPECT_EQ(content("x.part"), "01234567");
  EXPECT_EQ(content("x"), "(none)");
}

TEST_F(FetchTest, ResumesFromTheFinalNameToo) {
  ScriptedServer server({{{part("5-9/10", "56789")}}});
  options_.resume = true;
  put("x", "01234");
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  EXPECT_EQ(content("x"), "0123456789");
  EXPECT_EQ(files(), 1u);
}

TEST_F(FetchTest, APartThatNobodyAskedForIsNotAFile) {
  ScriptedServer server({{{part("0-4/10", "01234")}}});
  EXPECT_EQ(get(server.url("/x")).exit_code, 33);
  EXPECT_EQ(files(), 0u);
}

TEST_F(FetchTest, RedirectsAreFollowedWhenAsked) {
  ScriptedServer server({{{redirect("/b", "moved"), kKeep}, {redirect("c?d"), kKeep}, {ok("there")}}});
  options_.follow_redirects = true;
  const Report report = get(server.url("/a"));
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(content("a"), "there") << "called as it was asked for";
  EXPECT_EQ(report.redirects, 2u);
  EXPECT_EQ(report.url_effective, server.url("/c?d"));
  EXPECT_EQ(server.connections(), 1u) << "one connection for all three";
  EXPECT_EQ(server.requests().at(2).substr(0, 8), "GET /c?d");
}

TEST_F(FetchTest, RedirectsAreSavedWhenNotAsked) {
  ScriptedServer server({{{redirect("/b", "moved")}}});
  EXPECT_EQ(get(server.url("/a")).http_code, 302u);
  EXPECT_EQ(content("a"), "moved");
}

TEST_F(FetchTest, ARedirectsBodyMayEndAsItLikes) {
  ScriptedServer target({{{ok("there")}}, {{ok("again")}}});
  const std::string moved = "HTTP/1.1 301 Moved\r\nLocation: " + target.url("/t") + "\r\n";
  ScriptedServer server({{{moved + "Content-Length: 99\r\n\r\ncut"}}, {{moved + "\r\nendless", kHang}}});
  options_.follow_redirects = true;
  EXPECT_EQ(get(server.url("/a")).exit_code, 0);
  EXPECT_EQ(content("a"), "there");
  EXPECT_EQ(get(server.url("/a")).exit_code, 0) << "not waited for";
  EXPECT_EQ(content("a"), "again");
}

TEST_F(FetchTest, RedirectsHaveAnEnd) {
  options_.follow_redirects = true;
  options_.max_redirects = 3;
  const Step again{redirect("/"), kKeep};
  ScriptedServer server({{again, again, again, again}});
  const Report report = get(server.url("/"));
  EXPECT_EQ(report.exit_code, 47);
  EXPECT_EQ(report.redirects, 3u);
  EXPECT_EQ(files(), 0u);
}

TEST_F(FetchTest, RedirectsToWhatIsNotSpokenFail) {
  options_.follow_redirects = true;
  ScriptedServer server({{{redirect("https://127.0.0.1/")}},
                         {{redirect("http://")}},
                         {{redirect("file:///etc/passwd")}},
                         {{redirect("/x")}},
                         {{""}}});
  EXPECT_EQ(get(server.url("/")).exit_code, 1);
  EXPECT_EQ(get(server.url("/")).exit_code, 3);
  EXPECT_EQ(get(server.url("/")).exit_code, 1);
  const Report report = get(server.url("/"));
  EXPECT_EQ(report.exit_code, 52) << "the second hop has no answer; the first one's Location is not used again";
  EXPECT_EQ(report.redirects, 1u);
}

// As curl: there is nowhere to go, so the answer itself is the result.
TEST_F(FetchTest, AnEmptyLocationIsNoRedirect) {
  options_.follow_redirects = true;
  ScriptedServer server({{{"HTTP/1.1 302 Found\r\nLocation: \r\nContent-Length: 5\r\n\r\nhello"}}});
  const Report report = get(server.url("/x"));
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(report.redirects, 0u);
  EXPECT_EQ(content("x"), "hello");
}

TEST_F(FetchTest, A304ThatWasNotAskedForLeavesTheFile) {
  put("kept", "old");
  ScriptedServer server({{{"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"}}});
  const Report report = get(server.url("/x"), "kept");
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(report.http_code, 304u);
  EXPECT_EQ(content("kept"), "old");
  EXPECT_EQ(files(), 1u) << "no kept.part";
}

TEST_F(FetchTest, SeveralTransfersShareAConnection) {
  ScriptedServer server({{{ok("one"), kKeep}, {ok("two"), kKeep}}});
  Fetcher fetcher(transport_, resolver_, watcher_, options_);
  EXPECT_EQ(fetcher.fetch(server.url("/1"), "").connections, 1u);
  const Report second = fetcher.fetch(server.url("/2"), "");
  EXPECT_EQ(second.connections, 0u);
  EXPECT_EQ(second.exit_code, 0);
  EXPECT_EQ(content("1") + content("2"), "onetwo");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(FetchTest, AKeptConnectionThatDiedIsReplaced) {
  ScriptedServer server({{{ok("one")}}, {{ok("two")}}});
  Fetcher fetcher(transport_, resolver_, watcher_, options_);
  EXPECT_EQ(fetcher.fetch(server.url("/1"), "").exit_code, 0);
  const Report second = fetcher.fetch(server.url("/2"), "");
  EXPECT_EQ(second.exit_code, 0) << second.error;
  EXPECT_EQ(content("2"), "two");
}

TEST_F(FetchTest, ANewConnectionIsNotRetried) {
  ScriptedServer server({{{""}}, {{ok("too late")}}});
  EXPECT_EQ(get(server.url("/x")).exit_code, 52);
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(FetchTest, BadUrlsFailBeforeAnythingIsOpened) {
  EXPECT_EQ(get("http://").exit_code, 3);
  EXPECT_EQ(get("https://127.0.0.1/").exit_code, 1);
  EXPECT_EQ(get("http://[::1]/").exit_code, 1);
  EXPECT_EQ(get("http://no..name/").exit_code, 6);
  EXPECT_EQ(files(), 0u);
}

TEST_F(FetchTest, NobodyThere) {
  std::uint16_t port = 0;
  { port = ScriptedServer({}).port(); }
  const Report report = get("http://127.0.0.1:" + std::to_string(port) + "/x");
  EXPECT_EQ(report.exit_code, 7);
  EXPECT_NE(report.error.find("connection refused"), std::string::npos) << report.error;
}

TEST_F(FetchTest, TriesAllAddresses) {
  ScriptedServer server({{{ok("hello")}}});
  ResolveEntry entry{"two.example", server.port(), {IpAddress::v4(127, 0, 0, 2), IpAddress::v4(127, 0, 0, 1)}};
  resolver_ = SystemResolver({entry});
  const Report report = get("http://two.example:" + std::to_string(server.port()) + "/x");
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_EQ(report.remote.address, IpAddress::v4(127, 0, 0, 1));
  EXPECT_NE(server.requests().at(0).find("Host: two.example:"), std::string::npos);
}

TEST_F(FetchTest, ASilentServerIsLeft) {
  ScriptedServer server({{{"", kHang}}, {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", kHang}}});
  options_.idle_timeout = 20ms;
  EXPECT_EQ(get(server.url("/x")).exit_code, 28);
  options_.idle_timeout = 20s;
  options_.max_time = 30ms;
  const Report report = get(server.url("/x"));
  EXPECT_EQ(report.exit_code, 28);
  EXPECT_EQ(report.error, "the time allowed is over");
  EXPECT_EQ(content("x.part"), "abc");
}

struct NoTransport final : Transport {
  expected<std::unique_ptr<ByteStream>, Error> connect(const Endpoint&, std::optional<Duration> timeout,
                                                       Bytes) override {
    waits.push_back(timeout);
    return unexpected(Error::timed_out);
  }
  std::vector<std::optional<Duration>> waits;
};

TEST_F(FetchTest, ConnectingHasItsOwnTime) {
  NoTransport nobody;
  options_.connect_timeout = 3s;
  Fetcher fetcher(nobody, resolver_, watcher_, options_);
  EXPECT_EQ(fetcher.fetch("http://127.0.0.1/", "").exit_code, 28);
  ASSERT_EQ(nobody.waits.size(), 1u);
  ASSERT_TRUE(nobody.waits[0]);
  EXPECT_LE(*nobody.waits[0], Duration(3s));
  EXPECT_GT(*nobody.waits[0], Duration(1s));
}

TEST_F(FetchTest, ASignalLeavesThePartAndTheOldFile) {
  ScriptedServer server({{{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", kHang}}});
  put("x", "old");
  Fetcher fetcher(transport_, resolver_, watcher_, options_);
  watcher_.on_progress = [&] { EXPECT_TRUE(fetcher.interrupt(SIGINT)); };
  EXPECT_EQ(fetcher.fetch(server.url("/x"), "").exit_code, 130);
  EXPECT_EQ(content("x"), "old");
  EXPECT_EQ(content("x.part"), "abc");
  EXPECT_EQ(fetcher.fetch(server.url("/x"), "").exit_code, 130) << "and nothing more is begun";
  EXPECT_EQ(server.connections(), 1u);
  EXPECT_FALSE(fetcher.interrupt(SIGINT)) << "no connection to abort";
}

TEST_F(FetchTest, AFullDiskIsAWriteError) {
  ScriptedServer server({{{ok("hello")}}});
  const Report report = get(server.url("/x"), "/dev/full");
  EXPECT_EQ(report.exit_code, 23);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(FetchTest, TellsTheStoryAsCurlDoes) {
  ScriptedServer server({{{"HTTP/1.1 100 Continue\r\n\r\n" + ok("hello", "X: y\r\n")}}});
  EXPECT_EQ(get(server.url("/x")).exit_code, 0);
  for (const char* part : {"* Trying 127.0.0.1:", "* Connected to 127.0.0.1", "> GET /x HTTP/1.1\n", "> \n",
                           "< HTTP/1.1 100 Continue\n", "< HTTP/1.1 200 OK\n", "< X: y\n", "< \n"}) {
    EXPECT_NE(watcher_.lines.find(part), std::string::npos) << part << " in\n" << watcher_.lines;
  }
}

}  // namespace
}  // namespace leat::http
