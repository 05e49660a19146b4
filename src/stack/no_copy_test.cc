// Data that is never copied: read where it lies, sent from where it is, or made in the send buffer.
#include <gtest/gtest.h>

#include <array>
#include <numeric>

#include "stack/testing/link.h"

namespace leat {
namespace {

using namespace leat::testing;

std::vector<std::uint8_t> pattern(std::size_t n) {
  std::vector<std::uint8_t> data(n);
  for (std::size_t i = 0; i < n; ++i) data[i] = static_cast<std::uint8_t>(i * 167 + (i >> 8));
  return data;
}

Release counted(int& count) {
  return {[](void* context) { ++*static_cast<int*>(context); }, &count};
}

struct NoCopy : ::testing::Test {
  Link link;
  Link::Pair pair = link.connect();

  /// All that has come, piece by piece.
  std::vector<std::uint8_t> view_all() {
    std::vector<std::uint8_t> all;
    std::array<Bytes, 3> pieces;
    for (;;) {
      const auto n = link.far().view(pair.far, pieces);
      if (!n || *n == 0) return all;
      std::size_t bytes = 0;
      for (const Bytes piece : std::span(pieces).first(*n)) {
        all.insert(all.end(), piece.begin(), piece.end());
        bytes += piece.size();
      }
      EXPECT_EQ(link.far().consume(pair.far, bytes, link.now()).value_or(0), bytes);
    }
  }
  std::vector<std::uint8_t> run_and_view() {
    std::vector<std::uint8_t> all;
    for (int i = 0; i < 300; ++i) {
      const std::vector<std::uint8_t> some = view_all();
      all.insert(all.end(), some.begin(), some.end());
      link.run(5ms);
    }
    return all;
  }
};

TEST_F(NoCopy, WhatIsBorrowedArrivesWholeAndIsGivenBackOnceWhenAcknowledged) {
  const std::vector<std::uint8_t> data = pattern(1'000'000);
  int released = 0;
  ASSERT_TRUE(link.near().write(pair.near, bytes_of("before "), link.now()).has_value());
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  link.run(20ms);
  EXPECT_EQ(released, 0) << "not all of it is acknowledged";
  std::vector<std::uint8_t> got = run_and_view();
  EXPECT_EQ(released, 1);
  ASSERT_TRUE(link.near().write(pair.near, bytes_of(" after"), link.now()).has_value());
  const std::vector<std::uint8_t> rest = run_and_view();
  got.insert(got.end(), rest.begin(), rest.end());
  std::vector<std::uint8_t> expected(7);
  std::copy_n("before ", 7, expected.begin());
  expected.insert(expected.end(), data.begin(), data.end());
  for (const char c : std::string(" after")) expected.push_back(static_cast<std::uint8_t>(c));
  EXPECT_TRUE(got == expected);
}

TEST_F(NoCopy, OfManyPiecesNoneIsMixedUp) {
  const std::vector<std::uint8_t> data = pattern(40'000);
  int released = 0, pieces = 0;
  std::size_t sent = 0;
  for (std::size_t n = 1; sent + n <= data.size(); n = n * 3 % 4999 + 1) {
    ASSERT_TRUE(
        link.near().write_borrowed(pair.near, Bytes(data).subspan(sent, n), counted(released), link.now()).has_value());
    sent += n;
    ++pieces;
  }
  EXPECT_TRUE(run_and_view() ==
              std::vector<std::uint8_t>(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(sent)));
  EXPECT_EQ(released, pieces);
}

TEST_F(NoCopy, WhatIsLostIsSentAgainFromWhereItIs) {
  const std::vector<std::uint8_t> data = pattern(400'000);
  int frames = 0;
  link.set_filter([&](int to, std::vector<std::uint8_t>&) { return to == 0 || ++frames % 11 != 0; });
  int released = 0;
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  EXPECT_TRUE(run_and_view() == data);
  EXPECT_EQ(released, 1);
}

TEST_F(NoCopy, AFullBufferRefusesAndTakesNothing) {
  const std::vector<std::uint8_t> data = pattern(5'000'000);
  int released = 0, called = 0;
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  const auto again = link.near().write_borrowed(pair.near, data, counted(called), link.now());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error(), Error::would_block);
  EXPECT_EQ(link.near().prepare(pair.near, 100).error(), Error::would_block);
  ASSERT_TRUE(link.near().abort(pair.near, link.now()).has_value());
  link.run(10ms);
  EXPECT_EQ(released, 1) << "the connection is over";
  EXPECT_EQ(called, 0) << "it was refused";
}

TEST_F(NoCopy, NothingIsTakenAfterTheFinOrWithoutAConnection) {
  int called = 0;
  const auto release = counted(called);
  ASSERT_TRUE(link.near().shutdown_write(pair.near, link.now()).has_value());
  EXPECT_EQ(link.near().write_borrowed(pair.near, bytes_of("x"), release, link.now()).error(), Error::closed);
  EXPECT_EQ(link.near().prepare(pair.near, 1).error(), Error::closed);
  EXPECT_EQ(link.near().commit(pair.near, 1, link.now()).error(), Error::closed);
  EXPECT_EQ(link.far().write_borrowed(pair.listener, bytes_of("x"), release, link.now()).error(), Error::not_connected);
  EXPECT_EQ(link.far().view({}, {}).error(), Error::bad_handle);
  EXPECT_EQ(called, 0);
}

TEST_F(NoCopy, WhatIsPreparedCountsAsFarAsItIsCommitted) {
  const std::vector<std::uint8_t> data = pattern(100'000);
  std::size_t sent = 0;
  while (sent < data.size()) {
    const auto room = link.near().prepare(pair.near, 64 * 1024);
    if (!room) {
      ASSERT_EQ(room.error(), Error::would_block);
      break;
    }
    const std::size_t n = std::min({room->size(), data.size() - sent, std::size_t{3001}});
    std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(sent), n, room->begin());
    ASSERT_TRUE(link.near().commit(pair.near, n, link.now()).has_value());
    sent += n;
  }
  ASSERT_GT(sent, 10'000u);
  EXPECT_EQ(link.near().commit(pair.near, std::size_t{1} << 20, link.now()).error(), Error::invalid_argument);
  EXPECT_TRUE(link.near().commit(pair.near, 0, link.now()).has_value());
  EXPECT_TRUE(run_and_view() ==
              std::vector<std::uint8_t>(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(sent)));
}

TEST_F(NoCopy, OnlyWhatWasPreparedLastCanBeCommitted) {
  const auto commit = [&](std::size_t n) { return link.near().commit(pair.near, n, link.now()); };
  ASSERT_TRUE(link.near().write(pair.near, bytes_of("hello"), link.now()).has_value());
  EXPECT_EQ(commit(1).error(), Error::invalid_argument) << "nothing was prepared";
  ASSERT_EQ(link.near().prepare(pair.near, 100).value_or(MutableBytes{}).size(), 100u);
  EXPECT_EQ(commit(101).error(), Error::invalid_argument);
  EXPECT_TRUE(commit(0).has_value());
  EXPECT_EQ(commit(1).error(), Error::invalid_argument) << "it is committed already";
  ASSERT_TRUE(link.near().prepare(pair.near, 100).has_value());
  ASSERT_TRUE(link.near().write(pair.near, bytes_of(" you"), link.now()).has_value());
  EXPECT_EQ(commit(1).error(), Error::invalid_argument) << "a write has taken the room";
  ASSERT_TRUE(link.near().prepare(pair.near, 100).has_value());
  link.run(50ms);
  EXPECT_EQ(commit(1).error(), Error::invalid_argument) << "an acknowledgement has";
  EXPECT_EQ(run_and_view(), std::vector<std::uint8_t>({'h', 'e', 'l', 'l', 'o', ' ', 'y', 'o', 'u'}));
}

TEST_F(NoCopy, APreparationThatCameToNothingHoldsNoMemory) {
  ASSERT_TRUE(link.near().prepare(pair.near, 64 * 1024).has_value());
  EXPECT_GE(link.pool().bytes_in_use(), 64u * 1024);
  ASSERT_TRUE(link.near().commit(pair.near, 0, link.now()).has_value());
  EXPECT_EQ(link.pool().blocks_in_use(), 0u);
}

TEST_F(NoCopy, SmallPiecesAreCopiedAndFreeAtOnce) {
  std::vector<std::uint8_t> data = pattern(1500);
  int released = 0;
  const std::vector<std::uint8_t> before = data;
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  EXPECT_EQ(released, 1);
  std::fill(data.begin(), data.end(), std::uint8_t{0});
  EXPECT_TRUE(run_and_view() == before);
}

TEST_F(NoCopy, WithoutMemoryTheWriterIsToldLater) {
  std::vector<Slice> all;
  while (Slice slice = link.pool().allocate(BufferClass::super, 0, 0)) all.push_back(std::move(slice));
  while (Slice slice = link.pool().allocate(BufferClass::header, 0, 0)) all.push_back(std::move(slice));
  const std::vector<std::uint8_t> data = pattern(10'000);
  int released = 0;
  EXPECT_EQ(link.near().write_borrowed(pair.near, data, counted(released), link.now()).error(), Error::no_buffers);
  EXPECT_EQ(link.near().prepare(pair.near, 5000).error(), Error::no_buffers);
  all.clear();
  EXPECT_EQ(released, 0);
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  EXPECT_TRUE(run_and_view() == data);
  EXPECT_EQ(released, 1);
  EXPECT_NE(link.events(0, pair.near) & kEventWritable, 0) << "after it was refused";
}

TEST_F(NoCopy, APieceHasAtMostAGibibyte) {
  const std::vector<std::uint8_t> data(1);
  const Bytes said_to_be_long(data.data(), (std::size_t{1} << 30) + 1);
  int released = 0;
  EXPECT_EQ(link.near().write_borrowed(pair.near, said_to_be_long, counted(released), link.now()).error(),
            Error::invalid_argument);
  EXPECT_EQ(released, 0);
}

TEST_F(NoCopy, WhatIsBorrowedByAnOrphanIsSentAndGivenBack) {
  const std::vector<std::uint8_t> data = pattern(300'000);
  int released = 0;
  ASSERT_TRUE(link.near().write_borrowed(pair.near, data, counted(released), link.now()).has_value());
  ASSERT_TRUE(link.near().close(pair.near, link.now()).has_value());
  EXPECT_TRUE(run_and_view() == data);
  EXPECT_EQ(released, 1);
}

TEST_F(NoCopy, BeforeTheHandshakeAnythingMayBeWritten) {
  const std::vector<std::uint8_t> data = pattern(5000);
  int released = 0;
  const SocketHandle early = *link.near().connect({.remote = {Link::far_address(), 80}}, link.now());
  ASSERT_TRUE(link.near().write_borrowed(early, data, counted(released), link.now()).has_value());
  const SocketHandle refused = *link.near().connect({.remote = {Link::far_address(), 81}}, link.now());
  ASSERT_TRUE(link.near().write_borrowed(refused, data, counted(released), link.now()).has_value());
  link.run(50ms);
  EXPECT_EQ(link.near().error(refused), Error::refused);
  EXPECT_EQ(released, 2);
  pair.far = *link.far().accept(pair.listener);
  EXPECT_TRUE(view_all() == data);
}

TEST(NoCopyUrgent, AViewStopsInFrontOfTheUrgentByte) {
  for (const bool oob_inline : {true, false}) {
    TcpSettings options;
    options.oob_inline = oob_inline;
    Link link(options);
    const Link::Pair pair = link.connect();
    ASSERT_TRUE(link.near().write(pair.near, bytes_of("ab"), link.now()).has_value());
    ASSERT_TRUE(link.near().write_urgent(pair.near, bytes_of("!"), link.now()).has_value());
    ASSERT_TRUE(link.near().write(pair.near, bytes_of("cd"), link.now()).has_value());
    link.run(20ms);
    std::array<Bytes, 4> pieces;
    const auto view = [&] {
      std::string all;
      const std::size_t n = link.far().view(pair.far, pieces).value_or(0);
      for (const Bytes p : std::span(pieces).first(n)) all.append(reinterpret_cast<const char*>(p.data()), p.size());
      return all;
    };
    EXPECT_EQ(view(), "ab");
    EXPECT_EQ(link.far().consume(pair.far, 100, link.now()).value_or(0), 2u) << "no more than was seen";
    EXPECT_EQ(view(), oob_inline ? "!cd" : "cd");
    EXPECT_EQ(link.far().consume(pair.far, 1, link.now()).value_or(0), 1u);
    EXPECT_EQ(view(), oob_inline ? "cd" : "d");
  }
}

TEST_F(NoCopy, AViewTellsTheEnd) {
  std::array<Bytes, 4> pieces;
  EXPECT_EQ(link.far().view(pair.far, pieces).error(), Error::would_block);
  ASSERT_TRUE(link.near().write(pair.near, bytes_of("end"), link.now()).has_value());
  ASSERT_TRUE(link.near().shutdown_write(pair.near, link.now()).has_value());
  link.run(20ms);
  EXPECT_EQ(link.far().view(pair.far, pieces).value_or(0), 1u);
  EXPECT_EQ(link.far().consume(pair.far, 3, link.now()).value_or(0), 3u);
  EXPECT_EQ(link.far().view(pair.far, pieces).value_or(9), 0u);
}

}  // namespace
}  // namespace leat
