#include "base/ring.h"

#include <deque>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace leat {
namespace {

TEST(RingDeque, HoldsNoMemoryWhileEmpty) {
  RingDeque<int> ring;
  EXPECT_EQ(ring.capacity(), 0u);
  ring.push_back(1);
  EXPECT_GE(ring.capacity(), 1u);
  EXPECT_EQ(ring.pop_front(), 1);
  EXPECT_EQ(ring.capacity(), 0u);
  for (int i = 0; i < 100; ++i) ring.push_back(i);
  EXPECT_EQ(ring.capacity(), 128u);
  ring.clear();
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.capacity(), 0u);
}

TEST(RingDeque, OneThatKeepsItsRoomAllocatesOnce) {
  RingDeque<int, true> ring;
  ring.push_back(1);
  const std::size_t room = ring.capacity();
  ring.clear();
  EXPECT_EQ(ring.capacity(), room);
  ring.push_back(2);
  EXPECT_EQ(ring.pop_front(), 2);
  EXPECT_EQ(ring.capacity(), room);
}

TEST(RingDeque, KeepsOrderAcrossTheWrapAndTheGrowth) {
  RingDeque<int> ring;
  for (int i = 0; i < 3; ++i) ring.push_back(i);
  EXPECT_EQ(ring.pop_front(), 0);
  EXPECT_EQ(ring.pop_front(), 1);
  for (int i = 3; i < 20; ++i) ring.push_back(i);  // wraps in 4 slots, then grows
  ring.push_front(1);
  ASSERT_EQ(ring.size(), 19u);
  for (std::size_t i = 0; i < ring.size(); ++i) EXPECT_EQ(ring[i], static_cast<int>(i) + 1);
  EXPECT_EQ(ring.front(), 1);
  EXPECT_EQ(ring.back(), 19);
  EXPECT_EQ(ring.pop_back(), 19);
}

TEST(RingDeque, TakesMoveOnlyElementsAndMovesAsAWhole) {
  RingDeque<std::unique_ptr<int>> ring;
  for (int i = 0; i < 9; ++i) ring.push_back(std::make_unique<int>(i));
  RingDeque<std::unique_ptr<int>> other = std::move(ring);
  ASSERT_EQ(other.size(), 9u);
  EXPECT_TRUE(ring.empty());  // NOLINT(bugprone-use-after-move): the class promises it
  ring.push_back(std::make_unique<int>(42));
  ring = std::move(other);
  ASSERT_EQ(ring.size(), 9u);
  EXPECT_EQ(*ring[8], 8);
  const std::unique_ptr<int> first = ring.pop_front();
  EXPECT_EQ(*first, 0);
}

TEST(RingDeque, PushesAnElementOfItself) {
  RingDeque<std::string> ring;
  for (int i = 0; i < 4; ++i) ring.push_back(std::string(40, static_cast<char>('a' + i)));
  ring.push_back(ring[0]);  // full: the push moves everything to new memory
  EXPECT_EQ(ring.back(), std::string(40, 'a'));
  EXPECT_EQ(ring.front(), std::string(40, 'a'));
}

TEST(RingDeque, ErasesARangeInTheMiddleAndEverything) {
  RingDeque<int> ring;
  for (int i = 0; i < 10; ++i) ring.push_back(i);
  ring.erase(1, 3);  // moves the front side
  ring.erase(4, 2);  // moves the back side
  ASSERT_EQ(ring.size(), 5u);
  const int want[] = {0, 4, 5, 6, 9};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(ring[i], want[i]);
  ring.erase(2, 0);
  EXPECT_EQ(ring.size(), 5u);
  ring.erase(0, 5);
  EXPECT_EQ(ring.capacity(), 0u);
}

// Any series of operations leaves the same elements as in std::deque. The elements are strings, so that ASan finds a
// destructor that was not called.
TEST(RingDeque, AgreesWithADequeUnderRandomOperations) {
  Random random(Seed{1, 2});
  RingDeque<std::string> ring;
  std::deque<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string value(20 + random.below(20), static_cast<char>('a' + random.below(26)));
    const bool grow = step / 500 % 2 == 0;  // fills and empties the queue in turns
    const std::uint32_t op = random.below(grow ? 10 : 18);
    const std::size_t at = random.below(static_cast<std::uint32_t>(model.size()) + 1);
    if (op < 3) {
      ring.push_back(value), model.push_back(value);
    } else if (op < 5) {
      ring.push_front(value), model.push_front(value);
    } else if (op < 6) {
      ring.insert(at, value), model.insert(model.begin() + static_cast<std::ptrdiff_t>(at), value);
    } else if (model.empty()) {
      continue;
    } else if (op < 7) {
      ASSERT_EQ(ring.pop_back(), model.back());
      model.pop_back();
    } else if (op < 9) {
      const std::size_t first = at % model.size();
      const std::size_t count = std::min<std::size_t>(model.size() - first, random.below(3));
      const auto begin = model.begin() + static_cast<std::ptrdiff_t>(first);
      ring.erase(first, count), model.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    } else {
      ASSERT_EQ(ring.pop_front(), model.front());
      model.pop_front();
    }
    ASSERT_EQ(ring.size(), model.size());
    ASSERT_EQ(ring.capacity() == 0, model.empty());
    if (step % 16 == 0) {
      for (std::size_t i = 0; i < model.size(); ++i) ASSERT_EQ(ring[i], model[i]) << "step " << step;
    }
  }
}

}  // namespace
}  // namespace leat
