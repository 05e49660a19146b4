// `leat connect` with nc on the kernel's TCP: both directions, half-close, listening, loss, and its capture.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>

#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::Lab;
using ::testing::HasSubstr;

constexpr auto kLong = 120s;

std::vector<std::string> leat_connect(const Lab& lab, std::vector<std::string> arguments) {
  std::vector<std::string> command{LEAT_BINARY, "connect"};
  for (std::string& word : lab.leat_host(lab.best_link()).arguments()) command.push_back(std::move(word));
  for (std::string& word : arguments) command.push_back(std::move(word));
  return command;
}

/// Starts a shell in `place` that runs `script` with `arguments` as $1 and so on.
expected<lab::Process, lab::LabError> shell(const Lab& lab, lab::Place place, const std::string& script,
                                            const std::vector<std::string>& arguments = {}) {
  std::vector<std::string> command{"sh", "-c", script, "sh"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return lab.spawn(place, command);
}

/// Waits until a program in `place` listens on the port.
void await_listener(const Lab& lab, lab::Place place, unsigned port) {
  const std::string line = ":" + std::to_string(port);
  auto waiting = shell(lab, place, "until ss -Htln | grep -q \"$1\"; do :; done", {line});
  ASSERT_TRUE(waiting) << waiting.error().message;
  ASSERT_TRUE(waiting->wait_for(20s)) << "nobody listens on port " << port;
}

class ConnectCommand : public ::testing::Test {
 protected:
  void make_lab(double loss = 0) {
    LEAT_SKIP_WITHOUT_PROGRAMS("nc", "ss", "sha256sum");
    lab::LabConfig config;
    config.loss = {loss, loss};
    auto made = Lab::create(config);
    if (!made && made.error().kind == lab::LabError::Kind::unavailable) GTEST_SKIP() << made.error().message;
    ASSERT_TRUE(made) << made.error().message;
    lab_.emplace(std::move(*made));
    address_ = lab_->leat_host(lab_->best_link()).address;
    address_.resize(address_.find('/'));
  }
  std::string path(const std::string& name) const { return folder_ / name; }

  /// Starts `leat connect` in near, with two files of the folder as input and output.
  expected<lab::Process, lab::LabError> leat_with_files(const std::string& in, const std::string& out,
                                                        std::vector<std::string> arguments) const {
    std::vector<std::string> words{path(in), path(out)};
    for (std::string& word : leat_connect(*lab_, std::move(arguments))) words.push_back(std::move(word));
    return shell(*lab_, lab::kNear, "in=$1 out=$2; shift 2; exec \"$@\" <\"$in\" >\"$out\"", words);
  }

  Folder folder_;
  std::optional<Lab> lab_;
  std::string address_;  ///< address of Leat
};

#define LEAT_MAKE_LAB(...) \
  make_lab(__VA_ARGS__);   \
  if (IsSkipped() || HasFatalFailure()) return

/// Accepts one connection to TCP port 5001, reads to its end, and only then answers with `size` bytes. Returns 0 if the
/// end came after `expected` bytes. For run_inside.
int answer_after_the_end(std::size_t expected, std::size_t size) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(5001);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0 || ::listen(listener, 1) != 0)
    return 1;
  const int peer = ::accept(listener, nullptr, nullptr);
  std::vector<char> block(65536, 'a');
  std::size_t have = 0;
  for (ssize_t n; (n = ::read(peer, block.data(), block.size())) > 0;) have += static_cast<std::size_t>(n);
  if (have != expected) return 2;
  block.assign(block.size(), 'b');
  while (size > 0) {
    const ssize_t n = ::write(peer, block.data(), std::min(size, block.size()));
    if (n <= 0) return 3;
    size -= static_cast<std::size_t>(n);
  }
  return ::close(peer) == 0 ? 0 : 4;
}

TEST_F(ConnectCommand, TheEndOfTheInputClosesOneDirectionAlone) {
  LEAT_MAKE_LAB();
  write_noise(folder_ / "up", 3'000'001);
  auto far = lab_->run_inside(lab::kFar, [] { return answer_after_the_end(3'000'001, 5'000'003); });
  ASSERT_TRUE(far) << far.error().message;
  await_listener(*lab_, lab::kFar, 5001);
  auto near = leat_with_files("up", "got", {"-v", Lab::kFarAddress, "5001"});
  ASSERT_TRUE(near) << near.error().message;
  const auto ended = near->wait_for(kLong);
  ASSERT_TRUE(ended && ended->success()) << near->errors();
  EXPECT_THAT(near->errors(), HasSubstr("3000001 bytes sent, 5000003 received"));
  const auto server = far->wait_for(kLong);
  ASSERT_TRUE(server);
  EXPECT_EQ(server->code, 0);
  EXPECT_EQ(std::filesystem::file_size(path("got")), 5'000'003u);
}

TEST_F(ConnectCommand, NcAndLeatSendAtTheSameTime) {
  LEAT_MAKE_LAB();
  write_noise(folder_ / "up", 3'000'001);
  write_noise(folder_ / "down", 20'000'003);
  auto near = leat_with_files("down", "got", {"-v", "-l", "5006"});
  ASSERT_TRUE(near) << near.error().message;
  ASSERT_TRUE(near->wait_for_errors("listening on", 20s)) << near->errors();
  // The peer closes its direction while Leat still has much data to send.
  auto far = shell(*lab_, lab::kFar, "exec nc -N \"$1\" 5006 <\"$2\" >\"$3\"", {address_, path("up"), path("far.got")});
  ASSERT_TRUE(far) << far.error().message;
  const auto ended = near->wait_for(kLong);
  ASSERT_TRUE(ended && ended->success()) << near->errors();
  ASSERT_TRUE(far->wait_for(kLong));
  EXPECT_EQ(sha256_of(*lab_, path("got")), sha256_of(*lab_, path("up")));
  EXPECT_EQ(sha256_of(*lab_, path("far.got")), sha256_of(*lab_, path("down")));
}

TEST_F(ConnectCommand, ListensForOneAndWithKeepForMore) {
  LEAT_MAKE_LAB();
  auto near = lab_->spawn(lab::kNear, leat_connect(*lab_, {"-v", "-l", "-k", "5002"}));
  ASSERT_TRUE(near) << near.error().message;
  ASSERT_TRUE(near->wait_for_errors("listening on", 20s)) << near->errors();
  for (const std::string text : {"one", "more"}) {
    auto client = shell(*lab_, lab::kFar, "printf %s \"$1\" | nc -N \"$2\" 5002", {text, address_});
    ASSERT_TRUE(client) << client.error().message;
    const auto ended = client->wait_for(20s);
    ASSERT_TRUE(ended && ended->success()) << near->errors();
    // The client may end before the server.
    ASSERT_TRUE(near->wait_for_errors(std::to_string(text.size()) + " received", 20s)) << near->errors();
  }
  near->signal(SIGINT);
  const auto ended = near->wait_for(20s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 130);
  EXPECT_EQ(near->output(), "onemore");

  auto once = lab_->spawn(lab::kNear, leat_connect(*lab_, {"-v", "-l", "5003"}));
  ASSERT_TRUE(once) << once.error().message;
  ASSERT_TRUE(once->wait_for_errors("listening on", 20s)) << once->errors();
  auto client = shell(*lab_, lab::kFar, "printf three | nc -N \"$1\" 5003", {address_});
  ASSERT_TRUE(client) << client.error().message;
  const auto over = once->wait_for(20s);
  ASSERT_TRUE(over) << once->errors();
  EXPECT_EQ(over->code, 0) << once->errors();
  EXPECT_EQ(once->output(), "three");
}

TEST_F(ConnectCommand, ARefusalASilenceAndATimeOutHaveTheirStatus) {
  LEAT_MAKE_LAB();
  auto refused = lab_->spawn(lab::kNear, leat_connect(*lab_, {Lab::kFarAddress, "9"}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->wait().code, 1);
  EXPECT_THAT(refused->errors(), HasSubstr("connection refused"));

  auto nobody = lab_->spawn(lab::kNear, leat_connect(*lab_, {"-w", "300ms", "10.77.2.77", "9"}));
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->wait().code, 1);

  auto far = shell(*lab_, lab::kFar, "exec nc -l 5004 >/dev/null");
  ASSERT_TRUE(far);
  await_listener(*lab_, lab::kFar, 5004);
  auto silent = lab_->spawn(lab::kNear, leat_connect(*lab_, {"-w", "2s", Lab::kFarAddress, "5004"}));
  ASSERT_TRUE(silent);
  EXPECT_EQ(silent->wait().code, 0) << silent->errors();
}

// The test reads the capture of a lossy upload.

struct Captured {
  unsigned frames = 0, inbound = 0, outbound = 0;
  unsigned drops = 0, resent = 0;  ///< in wire segments
  std::string comments;
};

Captured captured(const Lab& lab, const std::string& file) {
  const auto listing =
      lab.run_tool(lab::kNear, {"tshark", "-r", file, "-T", "fields", "-E", "separator=|", "-e",
                                "frame.packet_flags_direction", "-e", "tcp.len", "-e", "frame.comment"});
  Captured all;
  if (!listing) {
    ADD_FAILURE() << listing.error().message;
    return all;
  }
  std::istringstream lines(*listing);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::string direction, length, comment;
    std::getline(cells, direction, '|'), std::getline(cells, length, '|'), std::getline(cells, comment);
    ++all.frames;
    const unsigned way = static_cast<unsigned>(std::strtoul(direction.c_str(), nullptr, 0));
    ++(way == 1 ? all.inbound : all.outbound);
    if (comment.starts_with("dropped: ")) ++all.drops;
    const bool again = comment.starts_with("retransmission: ") || comment.starts_with("fast retransmit: ");
    const auto bytes = static_cast<unsigned>(std::strtoul(length.c_str(), nullptr, 10));
    if (again) all.resent += std::max(1u, (bytes + 1459) / 1460);
    if (!comment.empty()) all.comments += comment + "\n";
  }
  return all;
}

/// The number behind `name` in the output of --stats; 0 if it is missing.
unsigned long counter(const std::string& stats, const std::string& name) {
  const std::size_t at = stats.find(name);
  return at == std::string::npos ? 0 : std::strtoul(stats.c_str() + at + name.size(), nullptr, 10);
}

unsigned long all_drops(const std::string& stats) {
  unsigned long sum = 0;
  std::istringstream lines(stats);
  for (std::string word, reason; lines >> word;) {
    unsigned long n = 0;
    if (word == "dropped" && lines >> reason >> n) sum += n;
  }
  return sum;
}

TEST_F(ConnectCommand, TheCaptureOfALossyUploadAgreesWithTheCounters) {
  LEAT_SKIP_WITHOUT_PROGRAMS("tshark");
  LEAT_MAKE_LAB(10);
  write_noise(folder_ / "up", 1'000'001);
  auto far = shell(*lab_, lab::kFar, "exec nc -l 5005 >\"$1\" </dev/null", {path("far.got")});
  ASSERT_TRUE(far) << far.error().message;
  await_listener(*lab_, lab::kFar, 5005);
  auto near = leat_with_files("up", "got", {"--stats", "--pcap", path("up.pcapng"), Lab::kFarAddress, "5005"});
  ASSERT_TRUE(near) << near.error().message;
  const auto ended = near->wait_for(kLong);
  ASSERT_TRUE(ended && ended->success()) << near->errors();
  ASSERT_TRUE(far->wait_for(kLong));
  EXPECT_EQ(sha256_of(*lab_, path("far.got")), sha256_of(*lab_, path("up")));

  const std::string stats = near->errors();
  const Captured file = captured(*lab_, path("up.pcapng"));
  EXPECT_EQ(file.inbound, counter(stats, " rx ")) << stats;
  EXPECT_EQ(file.outbound, counter(stats, " tx ")) << stats;
  EXPECT_EQ(file.drops, all_drops(stats)) << stats << file.comments;
  EXPECT_GT(file.resent, 20u);
  EXPECT_EQ(file.resent, counter(stats, "TcpRetransSegs")) << stats << file.comments;
  EXPECT_THAT(file.comments, HasSubstr("fast retransmit: data sent later has arrived (RFC 8985 §6.2)"));
}

}  // namespace
}  // namespace leat::interop
