#include "device/capture_device.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "device/capture_text.h"
#include "device/memory_pair.h"
#include "device/testing/pcapng_reader.h"

namespace leat {
namespace {

using testing::CapturedFile;
using testing::read_capture;

class TemporaryName {
 public:
  TemporaryName() {
    const int fd = ::mkstemp(name_.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
  }
  ~TemporaryName() { ::unlink(name_.c_str()); }
  const std::string& text() const { return name_; }

 private:
  std::string name_ = std::filesystem::temp_directory_path() / "leat-capture-XXXXXX";
};

class CaptureDeviceTest : public ::testing::Test {
 protected:
  explicit CaptureDeviceTest(std::size_t queue = 256) : pair_(fast_memory_caps(), queue) {
    auto opened = capture(std::move(pair_.first),
                          {file_.text(), "memory:test", [this](const std::string& why) { failures_.push_back(why); }});
    EXPECT_TRUE(opened.has_value());
    if (opened) device_ = std::move(*opened);
  }
  Packet packet(std::vector<std::uint8_t> bytes) { return Packet(pool_.copy_of(bytes)); }
  void from_far(std::vector<std::uint8_t> bytes) {
    PacketBatch batch;
    batch.push(packet(std::move(bytes)));
    pair_.second->transmit(batch);
  }

  BufferPool pool_;
  TemporaryName file_;
  MemoryPair pair_;
  std::vector<std::string> failures_;
  std::unique_ptr<Device> device_;
};

TEST_F(CaptureDeviceTest, WritesWhatComesWithWhatBecameOfIt) {
  from_far({1, 2, 3});
  from_far({4});
  PacketBatch batch;
  ASSERT_TRUE(device_->receive(batch, pool_));
  ASSERT_EQ(batch.size(), 2u);
  const std::array<PacketVerdict, 2> verdicts{PacketVerdict{}, PacketVerdict{DropReason::PKT_TOO_SMALL}};
  device_->judged(verdicts);
  device_->idle();
  const CapturedFile file = read_capture(file_.text());
  EXPECT_EQ(file.link_type, 1u);
  EXPECT_EQ(file.interface, "memory:test");
  ASSERT_EQ(file.packets.size(), 2u);
  EXPECT_EQ(file.packets[0].bytes, (std::vector<std::uint8_t>{1, 2, 3}));
  EXPECT_EQ(file.packets[0].flags, 1u);
  EXPECT_EQ(file.packets[0].comment, "");
  EXPECT_EQ(file.packets[1].comment, "dropped: PKT_TOO_SMALL: shorter than its header says");
  EXPECT_GT(file.packets[0].time, std::uint64_t{1'700'000'000} * 1'000'000'000);
}

TEST_F(CaptureDeviceTest, WritesWhatIsSentWithWhyItIsSent) {
  PacketBatch batch;
  batch.push(packet({1, 2, 3, 4}));
  Packet again = packet({5});
  again.note = {NoteKind::time_out, 2, 15};
  batch.push(std::move(again));
  device_->transmit(batch);
  EXPECT_TRUE(batch.empty());
  device_->idle();
  const CapturedFile file = read_capture(file_.text());
  ASSERT_EQ(file.packets.size(), 2u);
  EXPECT_EQ(file.packets[0].flags, 2u);
  EXPECT_EQ(file.packets[0].comment, "");
  EXPECT_EQ(file.packets[1].comment, "retransmission: time-out 2 of 15 (RFC 6298 §5.4)");
  EXPECT_EQ(file.packets[1].bytes, (std::vector<std::uint8_t>{5}));
}

TEST_F(CaptureDeviceTest, FillsInAPartialChecksumInTheFileAlone) {
  Packet p = packet({0, 0, 0x12, 0x34, 0x00, 0x00, 0xff});
  p.offload.checksum = ChecksumState::partial;
  p.offload.checksum_start = 2;
  p.offload.checksum_offset = 2;
  Packet outside = packet({1, 2, 3});
  outside.offload.checksum = ChecksumState::partial;
  outside.offload.checksum_start = 60000;
  outside.offload.checksum_offset = 16;
  PacketBatch batch;
  batch.push(std::move(p));
  batch.push(std::move(outside));
  device_->transmit(batch);
  ASSERT_TRUE(pair_.second->receive(batch, pool_));
  ASSERT_EQ(batch.size(), 2u);
  EXPECT_EQ(batch.packets()[0].front()[4], 0) << "the packet itself is left alone";
  device_->idle();
  const CapturedFile file = read_capture(file_.text());
  ASSERT_EQ(file.packets.size(), 2u);
  const std::uint16_t sum = static_cast<std::uint16_t>(~((0x1234 + 0xff00) % 0xffff));
  EXPECT_EQ(load_be16(file.packets[0].bytes.data() + 4), sum);
  EXPECT_EQ(file.packets[1].bytes, (std::vector<std::uint8_t>{1, 2, 3}));
}

TEST_F(CaptureDeviceTest, CountsWhatWasRefused) {
  pair_.second.reset();  // the cable is cut: everything is refused
  PacketBatch batch;
  batch.push(packet({1}));
  device_->transmit(batch);
  for (std::uint8_t i = 0; i < 3; ++i) batch.push(packet({i}));
  device_->transmit(batch);
  device_->idle();
  const CapturedFile file = read_capture(file_.text());
  ASSERT_EQ(file.packets.size(), 4u);
  EXPECT_EQ(file.packets[0].comment, "the kernel refused this one: a firewall's drop rule, or a full queue");
  EXPECT_EQ(file.packets[1].comment, "");
  EXPECT_EQ(file.packets[3].comment, "the kernel refused 3 of the last 3: a firewall's drop rule, or a full queue");
}

TEST_F(CaptureDeviceTest, EndsWithStatistics) {
  from_far({1});
  PacketBatch batch;
  ASSERT_TRUE(device_->receive(batch, pool_));
  batch.clear();
  device_.reset();
  const CapturedFile file = read_capture(file_.text());
  EXPECT_EQ(file.packets.size(), 1u) << "also without a verdict";
  EXPECT_EQ(file.received, std::vector<std::uint64_t>{1});
}

class SmallQueue : public CaptureDeviceTest {
 protected:
  SmallQueue() : CaptureDeviceTest(2) {}
};

TEST_F(SmallQueue, AFrameThatHasToWaitIsWrittenOnceWhenItGoes) {
  PacketBatch batch;
  for (std::uint8_t i = 0; i < 5; ++i) batch.push(packet({i}));
  device_->transmit(batch);
  EXPECT_EQ(batch.size(), 3u);
  device_->transmit(batch);
  device_->idle();
  EXPECT_EQ(read_capture(file_.text()).packets.size(), 2u);
  for (int i = 0; i < 3; ++i) {
    PacketBatch taken;
    ASSERT_TRUE(pair_.second->receive(taken, pool_));
    if (i == 0) batch.push(packet({5}));
    device_->transmit(batch);
  }
  EXPECT_TRUE(batch.empty());
  device_->idle();
  const CapturedFile file = read_capture(file_.text());
  ASSERT_EQ(file.packets.size(), 6u);
  for (std::uint8_t i = 0; i < 6; ++i) EXPECT_EQ(file.packets[i].bytes, std::vector<std::uint8_t>{i});
}

TEST_F(CaptureDeviceTest, AFullDiskEndsTheFileAtAWholeBlockAndNothingElse) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{10'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  PacketBatch batch;
  for (int i = 0; i < 30; ++i) {
    batch.push(packet(std::vector<std::uint8_t>(1000)));
    device_->transmit(batch);
    EXPECT_TRUE(batch.empty()) << "packets go on";
    device_->idle();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  EXPECT_EQ(device_->counters().tx_packets, 30u);
  ASSERT_EQ(failures_.size(), 1u);
  EXPECT_EQ(failures_[0], "cannot write the capture " + file_.text() + ": File too large; it ends here");
  EXPECT_EQ(read_capture(file_.text()).packets.size(), 9u);
  device_.reset();
  EXPECT_EQ(read_capture(file_.text()).packets.size(), 9u);
}

TEST(Capture, SaysWhyAFileCannotBeMade) {
  MemoryPair pair(plain_memory_caps());
  const auto opened = capture(std::move(pair.first), {"/nowhere/at/all", "memory:test"});
  ASSERT_FALSE(opened.has_value());
  EXPECT_EQ(opened.error().message, "cannot write the capture /nowhere/at/all: No such file or directory");
}

TEST(CaptureText, EveryDropAndEveryNoteIsExplained) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(DropReason::kCount); ++i) {
    const std::string text = describe_drop(static_cast<DropReason>(i));
    EXPECT_FALSE(text.ends_with(": ")) << text;
  }
  for (std::size_t i = 1; i < static_cast<std::size_t>(NoteKind::kCount); ++i) {
    EXPECT_NE(describe_note({static_cast<NoteKind>(i), 1, 2}).find("(RFC "), std::string::npos) << i;
  }
  EXPECT_EQ(describe_note({}), "");
  EXPECT_EQ(describe_note({NoteKind::window_probe, 3, 0}), "zero-window probe 3 (RFC 9293 §3.8.6.1)");
  EXPECT_EQ(describe_drop(DropReason::TCP_OLD_DATA),
            "dropped: TCP_OLD_DATA: a segment wholly before the window (RFC 9293 §3.10.7.4)");
}

}  // namespace
}  // namespace leat
