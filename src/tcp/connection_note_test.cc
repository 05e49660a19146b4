// The notes on segments that tell a capture why they are sent.
#include "tcp/testing/story.h"

namespace leat::testing {
namespace {

using Notes = std::vector<PacketNote>;

TEST(ConnectionNotes, OrdinarySegmentsHaveNone) {
  Story c;
  c.connect();
  c.write(3000);
  c.recv({.seq = 1, .ack = 3001});
  c.recv({.seq = 1, .ack = 3001, .len = 2920});
  c.all_sent();
  EXPECT_EQ(c.notes(), Notes{});
}

TEST(ConnectionNotes, ASynAgainTellsWhichTimeOut) {
  Story c;
  c.open_active();
  c.advance(3s);
  c.all_sent();
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::syn_time_out, 1, 6}, {NoteKind::syn_time_out, 2, 6}}));
  c.connection().abort(Error::aborted);
}

TEST(ConnectionNotes, TimeOutsAreNumberedAndWhatFollowsThemIsToldApart) {
  WithoutSack c;
  c.connect();
  c.write(4380);
  c.advance(700ms);  // two time-outs
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::time_out, 1, 15}, {NoteKind::time_out, 2, 15}}));
  c.recv({.seq = 1, .ack = 1461});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::after_time_out}, {NoteKind::after_time_out}}));
  c.recv({.seq = 1, .ack = 4381});
  c.all_sent();
  EXPECT_EQ(c.notes(), Notes{});
}

TEST(ConnectionNotes, FastRetransmitAndPartialAck) {
  WithoutSack c;
  c.connect();
  c.write(14600);
  for (int i = 0; i < 3; ++i) c.recv({.seq = 1, .ack = 1});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::fast_retransmit}}));
  c.recv({.seq = 1, .ack = 2921});
  c.recv({.seq = 1, .ack = 2921});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::partial_ack}}));
  c.recv({.seq = 1, .ack = 14601});
  c.all_sent();
}

TEST(ConnectionNotes, WindowProbesAreNumbered) {
  Story c;
  c.connect();
  c.recv({.seq = 1, .ack = 1, .win = 0});
  c.write(100);
  c.advance(700ms);
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::window_probe, 1, 15}, {NoteKind::window_probe, 2, 15}}));
  c.recv({.seq = 1, .ack = 1});
  c.recv({.seq = 1, .ack = 101});
  c.all_sent();
}

TEST(ConnectionNotes, AChallengeSaysWhatItAnswers) {
  Story c;
  c.connect();
  c.recv({.seq = 100, .flags = "R"});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::challenge_reset}}));
  c.advance(1s);
  c.recv({.seq = 100, .flags = "S"});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::challenge_syn}}));
  c.advance(1s);
  c.recv({.seq = 1, .ack = 5000});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::challenge_ack}}));
  c.recv({.seq = -1000, .ack = 1, .len = 10});
  EXPECT_EQ(c.notes(), (Notes{{NoteKind::unacceptable}}));
  c.all_sent();
}

}  // namespace
}  // namespace leat::testing
