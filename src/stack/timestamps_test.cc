// Timestamps between whole stacks: the clock that strangers see, and TIME-WAIT.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "stack/testing/link.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/tcp_options.h"

namespace leat::testing {
namespace {

constexpr std::size_t kTcpOffset = 14 + Ipv4Header::kSize;

std::optional<TcpTimestamps> timestamps_of(const std::vector<std::uint8_t>& frame) {
  if (frame.size() < kTcpOffset + TcpHeader::kSize || frame[12] != 8 || frame[23] != 6) return std::nullopt;
  const std::size_t header = (frame[kTcpOffset + 12] >> 4) * std::size_t{4};
  const Bytes options = Bytes(frame).subspan(kTcpOffset + TcpHeader::kSize, header - TcpHeader::kSize);
  const std::optional<TcpOptionSet> parsed = TcpOptionSet::parse(options);
  return parsed ? parsed->timestamps : std::nullopt;
}

bool is_syn(const std::vector<std::uint8_t>& frame) { return (frame[kTcpOffset + 13] & 2) != 0; }

TEST(StackTimestamps, HideTheUptimeAndAgreeBetweenTwoHosts) {
  Link link;
  std::vector<std::uint32_t> offsets;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    const auto stamp = timestamps_of(frame);
    // The frame has been on its way for a moment.
    const auto ticks = std::chrono::floor<std::chrono::milliseconds>((link.now() - Link::kDelay).time_since_epoch());
    if (to == 1 && stamp && is_syn(frame)) offsets.push_back(stamp->value - static_cast<std::uint32_t>(ticks.count()));
    return true;
  });
  const Link::Pair first = link.connect();
  link.run(1500ms);
  ASSERT_TRUE(link.near().connect({.remote = {Link::far_address(), 80}}, link.now()));
  link.run(100ms);
  ASSERT_EQ(offsets.size(), 2u);
  EXPECT_LE(offsets[0] - offsets[1] + 2, 4u) << "one clock for both, but for a tick";
  EXPECT_GT(offsets[0] + 1000, 2000u) << "not the uptime itself";
  EXPECT_TRUE(link.near().info(first.near)->timestamps);
  EXPECT_TRUE(link.far().info(first.far)->timestamps);
}

TEST(StackTimestamps, StandInWhatTimeWaitAnswers) {
  Link link;
  const Link::Pair pair = link.connect();
  std::vector<std::uint8_t> fin;
  std::optional<TcpTimestamps> answer;
  link.set_filter([&](int to, std::vector<std::uint8_t>& frame) {
    const auto stamp = timestamps_of(frame);
    if (!stamp) return true;
    if (to == 0 && (frame[kTcpOffset + 13] & 1) != 0) fin = frame;
    return true;
  });
  ASSERT_TRUE(link.near().close(pair.near, link.now()));
  link.run(10ms);
  ASSERT_TRUE(link.far().close(pair.far, link.now()));
  link.run(10ms);
  ASSERT_FALSE(fin.empty());
  ASSERT_EQ(link.near().population().time_wait, 1u);
  const auto again = link.inject(fin);
  ASSERT_EQ(again.size(), 1u);
  answer = timestamps_of(again[0]);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->echo_reply, timestamps_of(fin)->value);
}

}  // namespace
}  // namespace leat::testing
