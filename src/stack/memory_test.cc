// Memory that many share: who takes it and does nothing with it must not take it from those who do.
#include <gtest/gtest.h>

#include "stack/testing/link.h"

namespace leat {
namespace {

using namespace leat::testing;

class Crowd {
 public:
  explicit Crowd(std::size_t memory) : link_({}, false, memory) {
    listener_ = *link_.far().listen({IpAddress::any_v4(), 80}, 4096);
  }
  SocketHandle connect() { return *link_.near().connect({.remote = {Link::far_address(), 80}}, link_.now()); }
  /// Writes as much as is taken.
  std::size_t fill(SocketHandle socket) {
    std::size_t all = 0;
    while (true) {
      const auto n = link_.near().write(socket, data_, link_.now());
      if (!n) return all;
      all += *n;
    }
  }
  std::size_t drain(SocketHandle socket) {
    std::size_t all = 0;
    while (true) {
      const auto n = link_.far().read(socket, sink_, link_.now());
      if (!n || *n == 0) return all;
      all += *n;
    }
  }
  Link& link() { return link_; }
  expected<SocketHandle, Error> accept() { return link_.far().accept(listener_); }
  void end() {
    link_.near().abort_all(link_.now());
    link_.far().abort_all(link_.now());
    link_.run(10ms);
  }

 private:
  Link link_;
  SocketHandle listener_;
  std::vector<std::uint8_t> data_ = std::vector<std::uint8_t>(100'000), sink_ = data_;
};

TEST(Memory, ThousandsThatNeverReadDoNotStarveAnother) {
  constexpr std::size_t kMemory = std::size_t{64} << 20;
  Crowd crowd(kMemory);
  std::vector<SocketHandle> crowded;
  for (int i = 0; i < 2000; ++i) {
    crowded.push_back(crowd.connect());
    if (i % 100 == 99) crowd.link().run(10ms);
  }
  while (crowd.accept()) continue;
  for (int round = 0; round < 20; ++round) {
    for (const SocketHandle socket : crowded) crowd.fill(socket);
    crowd.link().run(10ms);
  }
  EXPECT_GT(crowd.link().pool().bytes_in_use(), kMemory / 2) << "there is a shortage at all";

  const SocketHandle near = crowd.connect();
  crowd.link().run(10ms);
  const auto far = crowd.accept();
  ASSERT_TRUE(far.has_value()) << crowd.link().pool().bytes_in_use() << " bytes in use, "
                               << crowd.link().pool().refusals() << " refusals";
  std::size_t arrived = 0;
  for (int i = 0; i < 2000 && arrived < 1'000'000; ++i) {
    crowd.fill(near);
    crowd.link().run(2ms);
    arrived += crowd.drain(*far);
  }
  EXPECT_GE(arrived, 1'000'000u) << "half a megabyte a second, whatever the others do";
  crowd.end();
}

TEST(Memory, ShortageStopsGrowthBeforeAnythingIsRefused) {
  Crowd crowd(std::size_t{3} << 20);
  const SocketHandle near = crowd.connect();
  crowd.link().run(10ms);
  const auto far = crowd.accept();
  ASSERT_TRUE(far.has_value());
  for (int i = 0; i < 500; ++i) {
    crowd.fill(near);
    crowd.link().run(2ms);
    crowd.drain(*far);
  }
  EXPECT_EQ(crowd.link().pool().refusals(), 0u);
  crowd.end();
}

TEST(Memory, AWriterWhoFoundItShortGoesOn) {
  Crowd crowd(std::size_t{2} << 20);
  std::vector<SocketHandle> crowded;
  crowded.reserve(40);
  for (int i = 0; i < 40; ++i) crowded.push_back(crowd.connect());
  crowd.link().run(10ms);
  std::vector<SocketHandle> ends;
  while (const auto end = crowd.accept()) ends.push_back(*end);
  ASSERT_EQ(ends.size(), crowded.size());
  for (int round = 0; round < 10; ++round) {
    for (const SocketHandle socket : crowded) crowd.fill(socket);
    crowd.link().run(10ms);
  }
  ASSERT_EQ(crowd.fill(crowded.back()), 0u);
  crowd.link().events(0, crowded.back());
  for (int i = 0; i < 100; ++i) {
    for (const SocketHandle end : ends) crowd.drain(end);
    crowd.link().run(100ms);
  }
  EXPECT_TRUE(crowd.link().events(0, crowded.back()) & kEventWritable);
  EXPECT_GT(crowd.fill(crowded.back()), 4096u);
  crowd.end();
}

}  // namespace
}  // namespace leat
