// `leat wire` between real stacks: a web server on the kernel's TCP on one side, `leat get` or the kernel's TCP on the
// other. Files arrive whole despite the faults, and the report of the wire agrees with its options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <optional>
#include <sstream>

#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::Lab;
using lab::Place;
using lab::Process;
using ::testing::HasSubstr;

constexpr auto kPatience = 240s;
constexpr std::size_t kWireSize = 200'001;

/// A client of the lab that is joined to the middle by a wire. Behind `inner` is the subnet 10.88.i.0/24, with the
/// middle at .1 and the host on the inner side of the wire at .2.
struct Branch {
  Place place;
  unsigned number;
  std::string outer;         ///< the interface that leads to the middle
  std::string inner = "w0";  ///< the inner end of the wire
  std::string beyond = "w1";

  std::string address() const { return "10.88." + std::to_string(number) + ".2"; }
  std::string gateway() const { return "10.88." + std::to_string(number) + ".1"; }
};

void run_ip(const Lab& lab, Place place, const std::string& commands) {
  lab::SpawnOptions options;
  options.input_text = commands;
  const auto done = lab.run_tool(place, {"ip", "-batch", "-"}, options);
  ASSERT_TRUE(done) << done.error().message;
}

Branch make_branch(const Lab& lab, unsigned number) {
  const std::string n = std::to_string(number);
  Branch b{lab::client_place(number), number, "host" + n};
  run_ip(lab, lab::kMiddle, "addr add " + b.gateway() + "/24 dev mid_client" + n + "\n");
  run_ip(lab, b.place,
         "addr flush dev " + b.outer + "\nlink add w0 type veth peer name w1\nlink set w0 up\nlink set w1 up\n");
  return b;
}

/// Makes the kernel the host behind the wire.
void give_address(const Lab& lab, const Branch& b, const std::string& interface) {
  run_ip(lab, b.place,
         "addr add " + b.address() + "/24 dev " + interface + "\nlink set " + interface +
             " up\nroute add default via " + b.gateway() + "\n");
}

/// Starts a wire and waits until it is joined. "in" is the direction from the middle to the host behind the wire.
std::optional<Process> start_wire(const Lab& lab, const Branch& b, const std::vector<std::string>& devices,
                                  std::vector<std::string> options = {}) {
  options.insert(options.begin(), {LEAT_BINARY, "wire", devices[0], devices[1]});
  auto wire = lab.spawn(b.place, options);
  if (!wire) {
    ADD_FAILURE() << wire.error().message;
    return std::nullopt;
  }
  if (!wire->wait_for_errors("are joined", 60s)) {
    ADD_FAILURE() << "the wire did not come up: " << wire->errors();
    return std::nullopt;
  }
  return std::move(*wire);
}

/// Ends the wire and returns its report.
std::string stop_wire(Process& wire) {
  wire.signal(SIGINT);
  const auto ended = wire.wait_for(20s);
  EXPECT_TRUE(ended && ended->success()) << wire.errors();
  return wire.errors();
}

std::vector<std::string> get_through(const Branch& b, const std::string& url, const std::string& saved) {
  return {LEAT_BINARY, "get",       "-s", "-S",  "--link", "packet:" + b.beyond, "--address", b.address() + "/24",
          "--gateway", b.gateway(), "-o", saved, url};
}

/// The report of one direction: "impair in:... frames N bytes N lost N (…".
struct Books {
  std::uint64_t frames = 0, lost = 0, reordered = 0, duplicated = 0, corrupted = 0, refused = 0;
  double mean_delay = 0, longest_delay = 0;
};

void add_books(const std::string& report, const std::string& direction, Books& books) {
  std::istringstream lines(report);
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("impair " + direction + ":", 0) != 0) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      for (const auto& [name, value] : {std::pair{"frames", &books.frames},
                                        {"lost", &books.lost},
                                        {"reordered", &books.reordered},
                                        {"duplicated", &books.duplicated},
                                        {"corrupted", &books.corrupted},
                                        {"refused", &books.refused}}) {
        std::uint64_t n = 0;
        if (word == name && words >> n) *value += n;
      }
      char slash = 0;
      if (word == "delay") words >> books.mean_delay >> slash >> books.longest_delay;
    }
  }
}

void expect_share(std::uint64_t events, std::uint64_t count, double p) {
  const auto n = static_cast<double>(count);
  EXPECT_NEAR(static_cast<double>(events), n * p, 5 * std::sqrt(n * p * (1 - p)) + 1) << "of " << count;
}

/// A lab with nginx in far and one file.
class WireTest : public ::testing::Test {
 protected:
  void SetUp() override { write_noise(folder_ / "noise.bin", kWireSize); }
  void download(const Lab& lab, const std::vector<Branch>& branches, bool with_leat, const std::string& url) {
    std::vector<Process> clients;
    for (const Branch& b : branches) {
      const std::string saved = folder_ / ("saved" + std::to_string(b.number));
      auto client =
          lab.spawn(b.place, with_leat ? get_through(b, url, saved)
                                       : std::vector<std::string>{"curl", "-sS", "-m", "200", "-o", saved, url});
      ASSERT_TRUE(client) << client.error().message;
      clients.push_back(std::move(*client));
    }
    const std::string wanted = sha256_of(lab, folder_ / "noise.bin");
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const auto ended = clients[i].wait_for(kPatience);
      ASSERT_TRUE(ended && ended->success()) << "seed " << i + 1 << ": " << clients[i].errors();
      EXPECT_EQ(sha256_of(lab, folder_ / ("saved" + std::to_string(branches[i].number))), wanted) << "seed " << i + 1;
    }
  }

  /// Makes a branch and a wire for each seed, all at once. Adds up the reports of both directions.
  void download_over_seeds(unsigned seeds, bool with_leat, const std::string& impairment) {
    lab::LabConfig config;
    config.clients = seeds;
    LEAT_LAB_OR_SKIP(lab, config);
    auto server = lab::WebServer::start(lab, folder_.path(), lab::WebServer::Program::nginx);
    ASSERT_TRUE(server) << server.error().message;
    std::vector<Branch> branches;
    std::vector<Process> wires;
    for (unsigned i = 0; i < seeds; ++i) {
      const Branch b = branches.emplace_back(make_branch(lab, i));
      if (!with_leat) give_address(lab, b, b.beyond);
      auto wire = start_wire(lab, b, {"packet:" + b.outer, "packet:" + b.inner},
                             {"--impair", impairment + ",seed=" + std::to_string(i + 1)});
      ASSERT_TRUE(wire);
      wires.push_back(std::move(*wire));
    }
    download(lab, branches, with_leat, server->base_url() + "/noise.bin");
    for (Process& wire : wires) {
      const std::string report = stop_wire(wire);
      add_books(report, "in", in_);
      add_books(report, "out", out_);
    }
  }

  const Folder folder_;
  Books in_, out_;
};

constexpr const char* kFaults = "delay=50ms,loss=2%,reorder=5%,duplicate=1%,corrupt=0.1%";

void check_faults(const Books& books, std::uint64_t frames_at_least) {
  ASSERT_GT(books.frames, frames_at_least);
  expect_share(books.lost, books.frames, 0.02);
  const std::uint64_t arrived = books.frames - books.lost;
  expect_share(books.reordered, arrived, 0.05);
  expect_share(books.duplicated, arrived, 0.01);
  expect_share(books.corrupted, arrived, 0.001);
  EXPECT_EQ(books.refused, 0u);
  EXPECT_NEAR(books.mean_delay, 50 * 0.95, 3);
  EXPECT_DOUBLE_EQ(books.longest_delay, 50);
}

TEST_F(WireTest, LeatGetsWholeFilesOverTwentySeeds) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "sha256sum");
  download_over_seeds(20, true, kFaults);
  if (!IsSkipped()) check_faults(in_, 20 * 137);
  if (!IsSkipped()) check_faults(out_, 20 * 30);
}

TEST_F(WireTest, TheKernelGetsWholeFilesToo) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "curl", "sha256sum");
  download_over_seeds(5, false, kFaults);
  if (!IsSkipped()) check_faults(in_, 5 * 137);
}

TEST_F(WireTest, LeatServesTheKernelWholeFiles) {
  LEAT_SKIP_WITHOUT_PROGRAMS("curl", "sha256sum");
  constexpr unsigned kSeeds = 5;
  lab::LabConfig config;
  config.clients = kSeeds;
  LEAT_LAB_OR_SKIP(lab, config);
  std::vector<Process> running, clients;
  for (unsigned i = 0; i < kSeeds; ++i) {
    const Branch b = make_branch(lab, i);
    auto wire = start_wire(lab, b, {"packet:" + b.outer, "packet:" + b.inner},
                           {"--impair", std::string(kFaults) + ",seed=" + std::to_string(100 + i)});
    ASSERT_TRUE(wire);
    auto server =
        lab.spawn(b.place, {LEAT_BINARY, "serve", folder_.path(), "--port", "80", "--link", "packet:" + b.beyond,
                            "--address", b.address() + "/24", "--gateway", b.gateway()});
    ASSERT_TRUE(server) << server.error().message;
    ASSERT_TRUE(server->wait_for_errors("erving", 60s)) << server->errors();
    auto client =
        lab.spawn(lab::kFar, {"curl", "-sS", "-m", "200", "--retry-connrefused", "-o",
                              folder_ / ("saved" + std::to_string(i)), "http://" + b.address() + "/noise.bin"});
    ASSERT_TRUE(client) << client.error().message;
    running.push_back(std::move(*wire)), running.push_back(std::move(*server));
    clients.push_back(std::move(*client));
  }
  const std::string wanted = sha256_of(lab, folder_ / "noise.bin");
  for (unsigned i = 0; i < kSeeds; ++i) {
    const auto ended = clients[i].wait_for(kPatience);
    ASSERT_TRUE(ended && ended->success()) << "seed " << 100 + i << ": " << clients[i].errors();
    EXPECT_EQ(sha256_of(lab, folder_ / ("saved" + std::to_string(i))), wanted) << "seed " << 100 + i;
  }
}

TEST_F(WireTest, RateAndQueueBoundATransfer) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "sha256sum");
  const auto began = std::chrono::steady_clock::now();
  download_over_seeds(1, true, "rate=2mbit,queue=30");
  if (IsSkipped()) return;
  EXPECT_GE(std::chrono::steady_clock::now() - began, 800ms) << "200 kB at 2 Mbit/s";
  EXPECT_LE(in_.longest_delay, 30 * 1514 * 8 / 2000.0 + 0.1);
}

/// A wire without faults and with offloads: many megabytes in each direction between two kernels.
void check_clean_wire(const Lab& lab, const Branch& b, const std::vector<std::string>& devices) {
  auto wire = start_wire(lab, b, devices);
  ASSERT_TRUE(wire);
  constexpr std::size_t kMany = 40'000'000;
  lab::testing::expect_exchange(
      lab, b.place, [] { return lab::testing::fetch_bytes(Lab::kFarAddress, kMany); }, lab::kFar,
      [] { return lab::testing::serve_bytes(kMany); });
  lab::testing::expect_exchange(
      lab, lab::kFar, [&b] { return lab::testing::fetch_bytes(b.address(), kMany); }, b.place,
      [] { return lab::testing::serve_bytes(kMany); });
  const std::string report = stop_wire(*wire);
  EXPECT_THAT(report, HasSubstr("wire " + devices[0] + " > " + devices[1]));
  EXPECT_THAT(report, Not(HasSubstr("tx_refused")));
  std::istringstream words(report.substr(report.find(" in ")));
  std::string word;
  std::uint64_t packets = 0, bytes = 0;
  words >> word >> packets >> word >> bytes;
  EXPECT_GT(bytes, kMany);
  EXPECT_LT(packets, kMany / 3000) << "super-segments did not pass whole";
}

TEST_F(WireTest, SuperSegmentsPassBetweenInterfaces) {
  lab::LabConfig config;
  config.clients = 1;
  LEAT_LAB_OR_SKIP(lab, config);
  const Branch b = make_branch(lab, 0);
  give_address(lab, b, b.beyond);
  check_clean_wire(lab, b, {"packet:" + b.outer, "packet:" + b.inner});
}

TEST_F(WireTest, SuperSegmentsPassToATapDevice) {
  lab::LabConfig config;
  config.clients = 1;
  LEAT_LAB_OR_SKIP(lab, config);
  LEAT_SKIP_WITHOUT_LINK(lab, lab::LinkKind::tap);
  Branch b = make_branch(lab, 0);
  const auto made = lab.run_tool(b.place, {"ip", "tuntap", "add", "wiretap", "mode", "tap"});
  ASSERT_TRUE(made) << made.error().message;
  give_address(lab, b, "wiretap");
  check_clean_wire(lab, b, {"packet:" + b.outer, "tap:wiretap"});
}

TEST_F(WireTest, AnOrdinaryUserCanJoinInterfacesOfHisLab) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "sha256sum");
  lab::testing::as_ordinary_user([this] { download_over_seeds(1, true, "delay=2ms,loss=1%"); });
}

TEST_F(WireTest, ItSaysWhichDeviceIsGone) {
  lab::LabConfig config;
  config.clients = 1;
  LEAT_LAB_OR_SKIP(lab, config);
  const Branch b = make_branch(lab, 0);
  auto wire = start_wire(lab, b, {"packet:" + b.outer, "packet:" + b.inner});
  ASSERT_TRUE(wire);
  run_ip(lab, b.place, "link del " + b.inner + "\n");
  const auto ended = wire->wait_for(20s);
  ASSERT_TRUE(ended) << wire->errors();
  EXPECT_EQ(ended->code, 1);
  EXPECT_THAT(wire->errors(), HasSubstr("the device packet:w0 is gone"));
}

}  // namespace
}  // namespace leat::interop
