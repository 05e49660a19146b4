// Leat shares an address with the kernel of near, on raw and packet links. The kernel does not answer for Leat's ports,
// continues its own work, has no firewall rule, and gets the ports back. Packets that its firewall refuses count as
// lost.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "lab/capture.h"
#include "lab/loss.h"
#include "lab/testing/support.h"
#include "leat/host.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::Lab;
using lab::LinkKind;

constexpr std::size_t kSharedSize = 10'000'001;
constexpr std::uint16_t kEchoPort = 7;

std::string rules_in_near(const Lab& lab) {
  const auto rules = lab.run_tool(lab::kNear, {"nft", "list", "ruleset"});
  if (!rules) ADD_FAILURE() << rules.error().message;
  return rules.value_or("?");
}

/// The number behind "NAME:" or "NAME " in the output of --stats; 0 if it is missing.
unsigned long number_after(const std::string& text, const std::string& name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::strtoul(text.c_str() + at + name.size(), nullptr, 10);
}

/// A frame with SYN, FIN or RST.
struct Signal {
  std::string from;
  unsigned tcp_flags = 0;
  bool is_icmp = false;

  bool has(unsigned flag) const { return (tcp_flags & flag) != 0; }
};
constexpr unsigned kFin = 1, kSyn = 2, kRst = 4;

/// The frames with SYN, FIN or RST of a capture, in order.
std::vector<Signal> signals_in(const Lab& lab, const std::string& file) {
  const auto listing =
      lab.run_tool(lab::kNear, {"tshark", "-r", file, "-Y", "icmp || tcp.flags & 7", "-T", "fields", "-E",
                                "separator=|", "-e", "ip.src", "-e", "tcp.flags", "-e", "icmp.type"});
  if (!listing) ADD_FAILURE() << listing.error().message;
  std::vector<Signal> found;
  std::istringstream lines(listing.value_or(""));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string from, flags, icmp;
    std::getline(cells, from, '|'), std::getline(cells, flags, '|'), std::getline(cells, icmp, '|');
    found.push_back({from, static_cast<unsigned>(std::strtoul(flags.c_str(), nullptr, 0)), !icmp.empty()});
  }
  return found;
}

class SharedAddressTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(SharedAddressTest, TheKernelSendsNoResetAndGoesOnWithItsOwnConnections) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "tshark", "curl", "sha256sum");
  const Folder folder;
  std::filesystem::create_directory(folder / "www");
  write_noise(folder / "www" / "noise.bin", kSharedSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  auto server = lab::WebServer::start(lab, folder / "www", lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  const std::string file = folder / "capture.pcap";
  auto capture = lab::Capture::start(lab, lab::kMiddle, "mid_near", file);
  ASSERT_TRUE(capture) << capture.error().message;

  lab::SpawnOptions in_folder;
  in_folder.directory = folder.path();
  const std::string url = server->base_url() + "/rate/20m/noise.bin";
  auto curl = lab.spawn(lab::kNear, {"curl", "-sS", "-o", "by-kernel", url}, in_folder);
  ASSERT_TRUE(curl) << curl.error().message;
  auto get = lab.spawn(lab::kNear, leat_get(lab, GetParam(), {"-sS", "--stats", "-o", "by-leat", url}), in_folder);
  ASSERT_TRUE(get) << get.error().message;
  const auto ended = get->wait_for(120s);
  ASSERT_TRUE(ended && ended->success()) << get->errors();
  const auto curl_ended = curl->wait_for(120s);
  ASSERT_TRUE(curl_ended && curl_ended->success()) << curl->errors();
  ASSERT_TRUE(capture->stop());

  const std::string expected = sha256_of(lab, folder / "www" / "noise.bin");
  EXPECT_EQ(sha256_of(lab, folder / "by-leat"), expected) << get->errors();
  EXPECT_EQ(sha256_of(lab, folder / "by-kernel"), expected);
  int opened = 0;
  for (const Signal& s : signals_in(lab, file)) {
    opened += s.has(kSyn) && s.from == Lab::kNearKernelAddress;
    EXPECT_FALSE(s.has(kRst) || s.is_icmp) << "from " << s.from;
  }
  EXPECT_EQ(opened, 2) << "one address, two connections";
  EXPECT_EQ(rules_in_near(lab), "");
}

TEST_P(SharedAddressTest, UnderLossTheKernelSendsNoResetEither) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "tshark", "sha256sum");
  const Folder folder;
  std::filesystem::create_directory(folder / "www");
  write_noise(folder / "www" / "noise.bin", 1'000'000);
  lab::LabConfig config;
  config.loss = {10, 10};
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  auto server = lab::WebServer::start(lab, folder / "www", lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  const std::string file = folder / "capture.pcap";
  auto capture = lab::Capture::start(lab, lab::kMiddle, "mid_near", file);
  ASSERT_TRUE(capture) << capture.error().message;
  const std::string saved = folder / "saved.bin";
  auto get = lab.spawn(lab::kNear, leat_get(lab, GetParam(), {"-sS", "-o", saved, server->base_url() + "/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  const auto ended = get->wait_for(240s);
  ASSERT_TRUE(ended && ended->success()) << get->errors();
  ASSERT_TRUE(capture->stop());

  EXPECT_EQ(sha256_of(lab, saved), sha256_of(lab, folder / "www" / "noise.bin"));
  // A segment that is retransmitted after the process has ended finds no socket. Up to the FIN the process was there.
  bool ended_by_us = false;
  for (const Signal& s : signals_in(lab, file)) {
    if (s.from != Lab::kNearKernelAddress) continue;
    EXPECT_TRUE(ended_by_us || !s.has(kRst));
    ended_by_us = ended_by_us || s.has(kFin);
  }
  EXPECT_TRUE(ended_by_us);
  const auto middle = lab.counters();
  ASSERT_TRUE(middle);
  EXPECT_FALSE(lab::loss_is_missing({10, 10}, *middle));
}

/// Listens on the port in near. Returns 0 or an errno.
int bind_port(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(port);
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0 && ::listen(fd, 1) == 0 ? 0 : errno;
}

int try_port(const Lab& lab, std::uint16_t port) {
  auto child = lab.run_inside(lab::kNear, [port] { return bind_port(port); });
  return child ? child->wait().code : -1;
}

/// The only port on which the kernel of near listens; 0 if there is none.
std::uint16_t listening_port(const Lab& lab) {
  const auto text = lab.run_tool(lab::kNear, {"ss", "-Hltn"});
  std::istringstream words(text.value_or(""));
  std::string state, receive_queue, send_queue, local;
  if (!(words >> state >> receive_queue >> send_queue >> local)) return 0;
  return static_cast<std::uint16_t>(std::strtoul(local.c_str() + local.rfind(':') + 1, nullptr, 10));
}

TEST_P(SharedAddressTest, AfterKillNothingRemainsAndThePortIsFree) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "ss");
  const Folder folder;
  write_noise(folder / "noise.bin", kSharedSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  auto server = lab::WebServer::start(lab, folder.path(), lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  ASSERT_EQ(listening_port(lab), 0);
  const std::filesystem::path saved = folder / "saved.bin";
  auto get = lab.spawn(lab::kNear,
                       leat_get(lab, GetParam(), {"-sS", "-o", saved, server->base_url() + "/rate/100k/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  const auto part = saved.string() + ".part";
  while (!std::filesystem::exists(part) && !get->wait_for(10ms)) continue;
  const std::uint16_t port = listening_port(lab);
  ASSERT_NE(port, 0) << get->errors();
  EXPECT_EQ(try_port(lab, port), EADDRINUSE);
  EXPECT_EQ(rules_in_near(lab), "");
  get->signal(SIGKILL);
  EXPECT_EQ(get->wait().shell_code(), 128 + SIGKILL);
  EXPECT_EQ(try_port(lab, port), 0);
  EXPECT_EQ(listening_port(lab), 0);
  EXPECT_EQ(rules_in_near(lab), "");
}

/// Echoes data on `connections` connections, one after another. Returns an exit status.
int serve_echo(const std::string& link, int connections) {
  HostConfig config;
  config.link = link;
  auto host = Host::open(config);
  if (!host) return std::fprintf(stderr, "%s\n", host.error().message.c_str()), 1;
  auto listener = host->listen({IpAddress::any_v4(), kEchoPort});
  if (!listener) return std::fprintf(stderr, "listen: %d\n", static_cast<int>(listener.error())), 2;
  std::fputs("listening\n", stderr);
  std::vector<std::uint8_t> buffer(65536);
  for (int i = 0; i < connections; ++i) {
    auto connection = listener->accept(60s);
    if (!connection) return 3;
    for (;;) {
      const auto n = connection->read(buffer, 60s);
      if (!n) return 4;
      if (*n == 0) break;
      if (!connection->write_all({buffer.data(), *n}, 60s)) return 5;
    }
    if (!connection->close(60s).value_or(false)) return 6;
  }
  return 0;
}

/// Makes one kernel connection, sends `size` bytes and reads them back. Returns an exit status.
int use_echo(std::size_t size) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_port = htons(kEchoPort);
  ::inet_pton(AF_INET, Lab::kNearKernelAddress, &a.sin_addr);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&a), sizeof a) != 0) return errno;
  std::vector<std::uint8_t> data(size), echo(size);
  for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
  std::thread sender([&] {
    for (std::size_t sent = 0; sent < size;) {
      const ssize_t n = ::send(fd, data.data() + sent, size - sent, MSG_NOSIGNAL);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    ::shutdown(fd, SHUT_WR);
  });
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::recv(fd, echo.data() + got, size - got, 0);
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
  }
  sender.join();
  char byte = 0;
  if (got != size || echo != data) return ERANGE;
  return ::recv(fd, &byte, 1, 0) == 0 ? 0 : EPROTO;
}

TEST_P(SharedAddressTest, TheKernelOfAnotherHostConnectsToLeat) {
  LEAT_SKIP_WITHOUT_PROGRAMS("tshark");
  const Folder folder;
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  const std::string file = folder / "capture.pcap";
  auto capture = lab::Capture::start(lab, lab::kMiddle, "mid_near", file);
  ASSERT_TRUE(capture) << capture.error().message;
  const std::string link = lab.leat_host(GetParam()).link;
  constexpr int kConnections = 5;
  auto server = lab.run_inside(lab::kNear, [&link] { return serve_echo(link, kConnections); });
  ASSERT_TRUE(server && server->wait_for_errors("listening", 60s)) << server->errors();
  EXPECT_EQ(try_port(lab, kEchoPort), EADDRINUSE);
  for (int i = 0; i < kConnections; ++i) {
    auto client = lab.run_inside(lab::kFar, [i] { return use_echo(std::size_t{1} << 5 * i); });
    ASSERT_TRUE(client);
    const auto ended = client->wait_for(60s);
    ASSERT_TRUE(ended) << "no end of the client in sight";
    EXPECT_EQ(ended->code, 0) << i;
  }
  const auto ended = server->wait_for(60s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0) << server->errors();
  ASSERT_TRUE(capture->stop());
  for (const Signal& s : signals_in(lab, file)) EXPECT_FALSE(s.has(kRst)) << "from " << s.from;
}

/// The number of answers to one echo request within half a second; more than 100 if it cannot be sent.
int ping_once(const char* to) {
  const int fd = ::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  ::inet_pton(AF_INET, to, &a.sin_addr);
  constexpr std::array<std::uint8_t, 8> kEcho{8, 0, 0x2a, 0x7f, 0x4c, 0x7f, 0x81, 0x01};  // id 4c7f, number 8101
  static_assert(((0x0800 + 0x2a7f + 0x4c7f + 0x8101) & 0xffff) + ((0x0800 + 0x2a7f + 0x4c7f + 0x8101) >> 16) == 0xffff);
  if (::sendto(fd, kEcho.data(), kEcho.size(), 0, reinterpret_cast<const sockaddr*>(&a), sizeof a) < 0) return 101;
  int answers = 0;
  const auto end = std::chrono::steady_clock::now() + 500ms;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd p{fd, POLLIN, 0};
    if (left <= 0ms || ::poll(&p, 1, static_cast<int>(left.count())) <= 0) return answers;
    std::array<std::uint8_t, 128> got{};
    const ssize_t n = ::recv(fd, got.data(), got.size(), 0);
    if (n >= 28 && got[20] == 0 && got[24] == kEcho[4] && got[25] == kEcho[5]) ++answers;
  }
}

TEST_P(SharedAddressTest, APortThatNobodyHasIsTheKernelsToAnswer) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx");
  const Folder folder;
  write_noise(folder / "noise.bin", kSharedSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  auto server = lab::WebServer::start(lab, folder.path(), lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  const std::filesystem::path saved = folder / "saved.bin";
  auto get = lab.spawn(
      lab::kNear, leat_get(lab, GetParam(),
                           {"-sS", "--stats", "-m", "3", "-o", saved, server->base_url() + "/rate/100k/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  while (!std::filesystem::exists(saved.string() + ".part") && !get->wait_for(10ms)) continue;
  auto refused = lab.run_inside(lab::kFar, [] { return use_echo(1); });
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->wait().code, ECONNREFUSED);
  auto ping = lab.run_inside(lab::kFar, [] { return ping_once(Lab::kNearKernelAddress); });
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->wait().code, 1) << "answers to one echo request";
  const auto ended = get->wait_for(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 28) << get->errors();
  EXPECT_EQ(number_after(get->errors(), "IcmpInEchos"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Links, SharedAddressTest,
                         ::testing::Values(LinkKind::raw, LinkKind::packet_shared, LinkKind::xdp_shared),
                         [](const auto& instance) { return name_of(instance.param); });

TEST(RefusedSendTest, IsALossThatIsRepaired) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "sha256sum");
  const Folder folder;
  std::filesystem::create_directory(folder / "www");
  write_noise(folder / "www" / "noise.bin", kSharedSize);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  auto server = lab::WebServer::start(lab, folder / "www", lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;
  lab::SpawnOptions rules;
  rules.input_text =
      "table ip refuse {\n counter refused { }\n chain output {\n type filter hook output priority 0;\n"
      "  tcp dport 80 numgen random mod 100 < 20 counter name refused drop\n }\n}\n";
  const auto ruled = lab.run_tool(lab::kNear, {"nft", "-f", "-"}, rules);
  ASSERT_TRUE(ruled) << ruled.error().message;
  const std::string saved = folder / "saved.bin";
  auto get = lab.spawn(
      lab::kNear, leat_get(lab, LinkKind::raw, {"-sS", "--stats", "-o", saved, server->base_url() + "/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  const auto ended = get->wait_for(120s);
  ASSERT_TRUE(ended && ended->success()) << get->errors();
  EXPECT_EQ(sha256_of(lab, saved), sha256_of(lab, folder / "www" / "noise.bin"));
  EXPECT_GT(number_after(get->errors(), " tx_refused:"), 0u) << get->errors();
  const auto counter = lab.run_tool(lab::kNear, {"nft", "list", "counter", "ip", "refuse", "refused"});
  ASSERT_TRUE(counter) << counter.error().message;
  EXPECT_GE(number_after(*counter, "packets "), number_after(get->errors(), " tx_refused:"));
}

}  // namespace
}  // namespace leat::interop
