// A whole fetch between two hosts of this process, joined by a memory link: no socket of the kernel anywhere.
#include "cli/http/host_stream.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <sstream>
#include <thread>

#include "cli/http/terminal_observer.h"
#include "http/fetch.h"

namespace leat::command {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Host stream_host(const std::string& address, std::size_t send_buffer = std::size_t{1} << 20) {
  HostConfig config;
  config.link = "memory:host-stream-test";
  config.addresses = {*IpPrefix::parse(address)};
  config.tcp.send_buffer = send_buffer;
  auto host = Host::open(config);
  EXPECT_TRUE(host) << (host ? "" : host.error().message);
  return std::move(*host);
}

Bytes bytes_of(const std::string& text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

std::string read_request(Connection& connection) {
  std::string request;
  std::uint8_t block[4096];
  while (request.find("\r\n\r\n") == std::string::npos) {
    const auto n = connection.read(block, 20s);
    if (!n || *n == 0) break;
    request.append(reinterpret_cast<const char*>(block), *n);
  }
  return request;
}

struct Watcher : http::FetchObserver {
  void progress(std::uint64_t, std::optional<std::uint64_t>, std::uint64_t) override {
    if (on_progress) std::exchange(on_progress, {})();
  }
  std::function<void()> on_progress;
};

class HostStreamTest : public ::testing::Test {
 protected:
  HostStreamTest() : server_(stream_host("10.0.0.1/24")) {
    std::string pattern = (fs::temp_directory_path() / "leat-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    options_.now = monotonic_now;
    options_.idle_timeout = 20s;
    auto listener = server_.listen({IpAddress::v4(10, 0, 0, 1), 80});
    EXPECT_TRUE(listener);
    listener_.emplace(std::move(*listener));
  }
  ~HostStreamTest() override {
    if (thread_.joinable()) thread_.join();
    fs::remove_all(folder_);
  }

  /// Serves one connection on a thread of its own.
  void serve(std::function<void(Connection&)> handler) {
    thread_ = std::thread([this, handler = std::move(handler)] {
      auto connection = listener_->accept(20s);
      ASSERT_TRUE(connection);
      handler(*connection);
    });
  }
  std::string content() const {
    std::ifstream in(folder_ / "file", std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  http::Report fetch(Host& client, const std::string& path, std::size_t send_buffer = std::size_t{1} << 20) {
    HostTransport transport(client, send_buffer);
    http::Fetcher fetcher(transport, resolver_, watcher_, options_);
    auto report = fetcher.fetch("http://10.0.0.1" + path, (folder_ / "file").string());
    fetcher.finish();
    return report;
  }

  fs::path folder_;
  Host server_;
  std::optional<Listener> listener_;
  std::thread thread_;
  http::SystemResolver resolver_;
  Watcher watcher_;
  http::FetchOptions options_;
};

TEST_F(HostStreamTest, FetchesAFile) {
  std::string body(1'000'003, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 2654435761u >> 24);
  std::promise<std::size_t> end;
  serve([&](Connection& connection) {
    read_request(connection);
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
    EXPECT_TRUE(connection.write_all(bytes_of(head + body), 20s));
    std::uint8_t byte = 0;
    end.set_value(connection.read({&byte, 1}, 20s).value_or(99));
  });
  Host client = stream_host("10.0.0.2/24");
  const http::Report report = fetch(client, "/x");
  EXPECT_EQ(report.exit_code, 0) << report.error;
  EXPECT_TRUE(content() == body);
  EXPECT_EQ(report.remote.to_string(), "10.0.0.1:80");
  EXPECT_EQ(report.local.address.to_string(), "10.0.0.2");
  EXPECT_GT(report.tcp.handshake, Duration::zero());
  EXPECT_GT(report.tcp.bytes_received, body.size());
  EXPECT_EQ(end.get_future().get(), 0u) << "the connection ends with a FIN";
}

TEST_F(HostStreamTest, ARequestMayBeLargerThanTheSendBuffer) {
  std::string request;
  serve([&](Connection& connection) {
    request = read_request(connection);
    EXPECT_TRUE(connection.write_all(bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), 20s));
  });
  Host client = stream_host("10.0.0.2/24", 2048);
  const std::string path = "/" + std::string(9000, 'p');
  EXPECT_EQ(fetch(client, path, 2048).exit_code, 0);
  thread_.join();
  EXPECT_NE(request.find("GET " + path + " HTTP/1.1\r\n"), std::string::npos);
  EXPECT_EQ(content(), "ok");
}

TEST_F(HostStreamTest, NobodyListensThere) {
  Host client = stream_host("10.0.0.2/24");
  HostTransport transport(client, 1 << 20);
  http::Fetcher fetcher(transport, resolver_, watcher_, options_);
  EXPECT_EQ(fetcher.fetch("http://10.0.0.1:81/", (folder_ / "file").string()).exit_code, 7);
}

TEST_F(HostStreamTest, AnotherThreadInterruptsAWaitingFetch) {
  std::promise<expected<std::size_t, Error>> end;
  serve([&](Connection& connection) {
    read_request(connection);
    EXPECT_TRUE(connection.write_all(bytes_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 20s));
    std::uint8_t byte = 0;
    end.set_value(connection.read({&byte, 1}, 20s));
  });
  Host client = stream_host("10.0.0.2/24");
  HostTransport transport(client, 1 << 20);
  http::Fetcher fetcher(transport, resolver_, watcher_, options_);
  std::thread interrupter;
  watcher_.on_progress = [&] { interrupter = std::thread([&] { EXPECT_TRUE(fetcher.interrupt(SIGTERM)); }); };
  const http::Report report = fetcher.fetch("http://10.0.0.1/x", (folder_ / "file").string());
  interrupter.join();
  EXPECT_EQ(report.exit_code, 128 + SIGTERM);
  const auto seen = end.get_future().get();
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error(), Error::reset) << "the peer is told at once";
}

}  // namespace
}  // namespace leat::command
