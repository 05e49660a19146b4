// tshark checks a clean download: the options of Leat's SYN, no bad checksums apart from partial ones, no
// retransmissions, and the exchange of FINs.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>

#include "lab/capture.h"
#include "lab/testing/support.h"
#include "site.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using lab::Lab;
using lab::LinkKind;

constexpr unsigned kFinFlag = 1, kSynFlag = 2, kRstFlag = 4, kAck = 16;

/// A TCP segment as tshark describes it.
struct Segment {
  std::string number, from, to;
  unsigned flags = 0, length = 0, mss = 0, checksum = 0;
  bool has_sack_permitted = false, has_window_scale = false;
  bool is_bad_checksum = false, is_retransmission = false;
  unsigned ip_payload = 0;
};

constexpr std::array kFields{"frame.number",
                             "ip.src",
                             "ip.dst",
                             "tcp.flags",
                             "tcp.len",
                             "tcp.options.mss_val",
                             "tcp.options.sack_perm",
                             "tcp.options.wscale.shift",
                             "tcp.checksum",
                             "tcp.checksum.status",
                             "ip.len",
                             "ip.hdr_len",
                             "tcp.analysis.retransmission",
                             "tcp.analysis.fast_retransmission",
                             "tcp.analysis.spurious_retransmission"};

unsigned number_of(const std::string& text) { return static_cast<unsigned>(std::strtoul(text.c_str(), nullptr, 0)); }

Segment segment_of(const std::string& line) {
  std::array<std::string, kFields.size()> cell;
  std::istringstream cells(line);
  for (std::string& text : cell) std::getline(cells, text, '|');
  Segment s;
  s.number = cell[0], s.from = cell[1], s.to = cell[2];
  s.flags = number_of(cell[3]), s.length = number_of(cell[4]), s.mss = number_of(cell[5]);
  s.has_sack_permitted = !cell[6].empty(), s.has_window_scale = !cell[7].empty();
  s.checksum = number_of(cell[8]);
  s.is_bad_checksum = cell[9] == "0";
  s.ip_payload = number_of(cell[10]) - number_of(cell[11]);
  s.is_retransmission = !cell[12].empty() || !cell[13].empty() || !cell[14].empty();
  return s;
}

std::vector<Segment> segments_in(const Lab& lab, const std::string& file) {
  std::vector<std::string> command{"tshark", "-r",     file, "-o",         "tcp.check_checksum:TRUE", "-Y", "tcp",
                                   "-T",     "fields", "-E", "separator=|"};
  for (const char* field : kFields) command.insert(command.end(), {"-e", field});
  const auto listing = lab.run_tool(lab::kNear, command);
  std::vector<Segment> segments;
  if (!listing) {
    ADD_FAILURE() << listing.error().message;
    return segments;
  }
  std::istringstream lines(*listing);
  for (std::string line; std::getline(lines, line);) segments.push_back(segment_of(line));
  return segments;
}

/// True for a partial checksum, the plain sum of the pseudo-header (RFC 9293 §3.1). tshark reports it as bad.
bool is_partial(const Segment& s) {
  std::uint32_t sum = 6 + s.ip_payload;
  for (const std::string& text : {s.from, s.to}) {
    in_addr address{};
    ::inet_pton(AF_INET, text.c_str(), &address);
    sum += (ntohl(address.s_addr) >> 16) + (ntohl(address.s_addr) & 0xffff);
  }
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return s.checksum == sum;
}

/// Keeps the server from needless retransmissions: a busy machine acknowledges some milliseconds late, which would lead
/// to tail loss probes and to its shortest time-out.
void make_server_patient(const Lab& lab) {
  const auto write = lab.run_tool(lab::kFar, {"sh", "-c", "echo 0 >/proc/sys/net/ipv4/tcp_early_retrans"});
  ASSERT_TRUE(write) << write.error().message;
  const auto route = lab.run_tool(
      lab::kFar, {"ip", "route", "change", "default", "via", "10.77.2.1", "dev", "far0", "onlink", "rto_min", "20s"});
  ASSERT_TRUE(route) << route.error().message;
}

/// Keeps this process and its children on one CPU. The kernel's TCP sends from several CPUs, and their packets overtake
/// each other.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t first;
    CPU_ZERO(&first);
    for (int cpu = 0; CPU_COUNT(&first) == 0 && cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before_)) CPU_SET(cpu, &first);
    }
    EXPECT_EQ(::sched_setaffinity(0, sizeof first, &first), 0);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

void check_handshake(const std::vector<Segment>& segments, const std::string& ours) {
  ASSERT_GE(segments.size(), 3u);
  const Segment& syn = segments[0];
  EXPECT_EQ(syn.from, ours);
  EXPECT_EQ(syn.flags & (kSynFlag | kAck | kFinFlag | kRstFlag), kSynFlag);
  EXPECT_EQ(syn.mss, 1460u);
  EXPECT_TRUE(syn.has_sack_permitted);
  EXPECT_TRUE(syn.has_window_scale);
  EXPECT_EQ(segments[1].flags & (kSynFlag | kAck), kSynFlag | kAck);
  EXPECT_EQ(segments[1].from, Lab::kFarAddress);
  EXPECT_EQ(segments[2].from, ours);
  EXPECT_EQ(segments[2].flags & (kSynFlag | kAck), kAck);
}

void check_end(const std::vector<Segment>& segments, const std::string& ours) {
  const auto fins_of = [&](const std::string& from) {
    return std::count_if(segments.begin(), segments.end(),
                         [&](const Segment& s) { return s.from == from && (s.flags & kFinFlag) != 0; });
  };
  EXPECT_EQ(fins_of(ours), 1);
  EXPECT_EQ(fins_of(Lab::kFarAddress), 1);
  const auto last_fin =
      std::find_if(segments.rbegin(), segments.rend(), [](const Segment& s) { return (s.flags & kFinFlag) != 0; });
  ASSERT_NE(last_fin, segments.rend());
  const auto acknowledges = [&](const Segment& s) { return s.from == last_fin->to && (s.flags & kAck) != 0; };
  EXPECT_TRUE(std::any_of(segments.rbegin(), last_fin, acknowledges)) << "the last FIN was not acknowledged";
}

class CaptureTest : public ::testing::TestWithParam<LinkKind> {};

TEST_P(CaptureTest, TsharkFindsNothingWrongWithACleanDownload) {
  LEAT_SKIP_WITHOUT_PROGRAMS("nginx", "tshark");
  const OneProcessor one_processor;
  const Folder folder;
  write_noise(folder / "noise.bin", 10'000'001);
  LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
  LEAT_SKIP_WITHOUT_LINK(lab, GetParam());
  make_server_patient(lab);
  auto server = lab::WebServer::start(lab, folder.path(), lab::WebServer::Program::nginx);
  ASSERT_TRUE(server) << server.error().message;

  const std::string file = folder / "capture.pcap";
  auto capture = lab::Capture::start(lab, lab::kMiddle, "mid_near", file);
  ASSERT_TRUE(capture) << capture.error().message;
  const std::string saved = folder / "saved.bin";
  auto get =
      lab.spawn(lab::kNear, leat_get(lab, GetParam(), {"-s", "-S", "-o", saved, server->base_url() + "/noise.bin"}));
  ASSERT_TRUE(get) << get.error().message;
  const auto ended = get->wait_for(120s);
  ASSERT_TRUE(ended && ended->success()) << get->errors();
  const auto stopped = capture->stop();
  ASSERT_TRUE(stopped) << stopped.error().message;

  const std::vector<Segment> segments = segments_in(lab, file);
  const std::string address = lab.leat_host(GetParam()).address;
  const std::string ours = address.substr(0, address.find('/'));
  check_handshake(segments, ours);
  std::size_t bytes = 0;
  for (const Segment& s : segments) {
    EXPECT_TRUE(!s.is_bad_checksum || is_partial(s)) << "frame " << s.number << " has a bad checksum";
    EXPECT_FALSE(s.is_retransmission) << "frame " << s.number << " is a retransmission";
    EXPECT_EQ(s.flags & kRstFlag, 0u) << "frame " << s.number << " is a reset";
    if (s.from == Lab::kFarAddress) bytes += s.length;
  }
  EXPECT_GT(bytes, 10'000'001u);
  check_end(segments, ours);
}

INSTANTIATE_TEST_SUITE_P(Links, CaptureTest, ::testing::Values(LinkKind::packet, LinkKind::tap, LinkKind::xdp),
                         [](const auto& instance) { return name_of(instance.param); });

}  // namespace
}  // namespace leat::interop
