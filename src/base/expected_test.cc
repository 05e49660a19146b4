#include "leat/expected.h"

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "leat/error.h"

namespace leat {
namespace {

expected<int, Error> half(int n) {
  if (n % 2 != 0) return unexpected(Error::invalid_argument);
  return n / 2;
}

TEST(Expected, HoldsAValueOrAnError) {
  const auto good = half(8);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good.has_value());
  EXPECT_EQ(*good, 4);
  EXPECT_EQ(good.value_or(-1), 4);
  const auto bad = half(7);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), Error::invalid_argument);
  EXPECT_EQ(bad.value_or(-1), -1);
}

TEST(Expected, TellsTheSidesApartWhenTheTypesAreTheSame) {
  expected<int, int> value = 3;
  expected<int, int> error = unexpected(3);
  EXPECT_TRUE(value.has_value());
  EXPECT_FALSE(error.has_value());
}

TEST(Expected, MovesWhatCannotBeCopied) {
  expected<std::unique_ptr<int>, Error> e = std::make_unique<int>(5);
  EXPECT_EQ(**e, 5);
  EXPECT_EQ(*e->get(), 5);
  const std::unique_ptr<int> taken = *std::move(e);
  EXPECT_EQ(*taken, 5);
}

TEST(Expected, ConvertsTheError) {
  const expected<int, std::string> e = unexpected("why");
  EXPECT_EQ(e.error(), "why");
}

TEST(Expected, VoidIsSuccessOrAnError) {
  const expected<void, Error> good;
  EXPECT_TRUE(good);
  const expected<void, Error> bad = unexpected(Error::reset);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), Error::reset);
}

TEST(ExpectedDeathTest, ReadingTheWrongSideEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto good = half(8);
  const auto bad = half(7);
  EXPECT_DEATH(static_cast<void>(*bad), "");
  EXPECT_DEATH(static_cast<void>(good.error()), "");
  const expected<void, Error> fine;
  EXPECT_DEATH(static_cast<void>(fine.error()), "");
}

TEST(Error, EveryErrorHasAPhraseOfItsOwn) {
  std::set<std::string_view> seen;
  const int last = static_cast<int>(Error::system);
  for (int i = 0; i <= last; ++i) {
    const std::string_view text = to_string(static_cast<Error>(i));
    EXPECT_FALSE(text.empty());
    EXPECT_NE(text, "unknown error") << i;
    EXPECT_TRUE(seen.insert(text).second) << text;
  }
}

}  // namespace
}  // namespace leat
