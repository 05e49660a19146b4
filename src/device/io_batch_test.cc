// Many reads and writes of a socket at once: the order, and what a failure in the middle does.
#include "device/io_batch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "device/unique_fd.h"

namespace leat {
namespace {

struct IoBatchTest : ::testing::TestWithParam<IoBatch::Hold> {
  IoBatchTest() {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    near = UniqueFd(fds[0]);
    far = UniqueFd(fds[1]);
    batch = IoBatch::create(near.get(), GetParam());
  }
  void SetUp() override {
    if (!batch) GTEST_SKIP() << "no io_uring here: see /proc/sys/kernel/io_uring_disabled, or install liburing-dev";
  }
  UniqueFd near, far;
  std::unique_ptr<IoBatch> batch;
};

TEST_P(IoBatchTest, ReadsWhatThereIsInItsOrder) {
  for (const std::string text : {"a", "bb", "ccc"}) ASSERT_GT(::send(far.get(), text.data(), text.size(), 0), 0);
  std::array<std::array<char, 8>, 5> buffers{};
  std::array<iovec, 5> parts;
  for (std::size_t i = 0; i < 5; ++i) {
    parts[i] = {buffers[i].data(), buffers[i].size()};
    batch->read(&parts[i], 1);
  }
  const auto results = batch->run();
  EXPECT_EQ(std::vector<int>(results.begin(), results.end()), (std::vector<int>{1, 2, 3, -EAGAIN, -EAGAIN}));
  EXPECT_EQ(std::string(buffers[1].data(), 2), "bb");
  EXPECT_EQ(std::string(buffers[2].data(), 3), "ccc");
}

TEST_P(IoBatchTest, WritesInOrderAndGoesOnBehindAFailure) {
  std::array<std::string, 3> texts{"a", "bb", "ccc"};
  std::array<iovec, 3> parts;
  for (std::size_t i = 0; i < 3; ++i) parts[i] = {texts[i].data(), texts[i].size()};
  parts[1].iov_base = nullptr;
  for (iovec& part : parts) batch->write(&part, 1);
  const auto results = batch->run();
  EXPECT_EQ(std::vector<int>(results.begin(), results.end()), (std::vector<int>{1, -EFAULT, 3}));
  std::array<char, 8> in{};
  EXPECT_EQ(::recv(far.get(), in.data(), in.size(), 0), 1);
  EXPECT_EQ(::recv(far.get(), in.data(), in.size(), 0), 3);
  EXPECT_EQ(std::string(in.data(), 3), "ccc");
}

TEST_P(IoBatchTest, CanBeUsedAgainAndAgain) {
  std::string text = "x";
  iovec part{text.data(), 1};
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 3; ++i) batch->write(&part, 1);
    ASSERT_EQ(batch->run().size(), 3u);
    std::array<char, 8> in{};
    for (int i = 0; i < 3; ++i) ASSERT_EQ(::recv(far.get(), in.data(), in.size(), 0), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Holds, IoBatchTest, ::testing::Values(IoBatch::Hold::no, IoBatch::Hold::yes));

}  // namespace
}  // namespace leat
