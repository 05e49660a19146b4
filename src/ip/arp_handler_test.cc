#include "ip/arp_handler.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/ethernet.h"
#include "wire/print.h"

namespace leat {
namespace {

using namespace std::chrono_literals;
using ArpState = NeighbourCache::State;

const IpAddress kUs = IpAddress::v4(10, 0, 0, 2), kPeer = IpAddress::v4(10, 0, 0, 1);
constexpr MacAddress kOwn{{2, 0, 0, 0, 0, 2}}, kMac{{2, 0, 0, 0, 0, 1}}, kOtherMac{{2, 0, 0, 0, 0, 9}};

class ArpOnALink : public ::testing::Test {
 protected:
  ArpOnALink() {
    addresses_.add({kUs, 24});
    addresses_.add({IpAddress::v4(10, 0, 0, 3), 24});
  }
  ArpInput request(const IpAddress& sender, const IpAddress& target, const MacAddress& mac = kMac) {
    return arp_.receive({ArpOperation::request, mac, sender, {}, target}, addresses_, now_);
  }
  ArpInput reply(const IpAddress& sender, const IpAddress& target, const MacAddress& mac = kMac) {
    return arp_.receive({ArpOperation::reply, mac, sender, kOwn, target}, addresses_, now_);
  }
  void ask_for(const IpAddress& neighbour) {
    Packet p(pool_.allocate(BufferClass::frame, 14, 40));
    EXPECT_EQ(arp_.neighbours.send(neighbour, kUs, p, now_).outcome, NeighbourVerdict::Outcome::waiting);
  }
  ArpState state(const IpAddress& a = kPeer) { return arp_.neighbours.state(a, now_); }

  BufferPool pool_;
  InterfaceAddresses addresses_;
  ArpHandler arp_{kOwn};
  Instant now_{1h};
};

TEST_F(ArpOnALink, AnswersForEachOfItsAddresses) {
  for (const IpAddress& own : {kUs, IpAddress::v4(10, 0, 0, 3)}) {
    const ArpInput in = request(kPeer, own);
    EXPECT_TRUE(in.will_reply);
    EXPECT_FALSE(in.drop);
    const auto out = arp_.next_output();
    ASSERT_TRUE(out);
    EXPECT_EQ(out->destination, kMac);
    EXPECT_EQ(out->packet, (ArpPacket{ArpOperation::reply, kOwn, own, kMac, kPeer}));
  }
  EXPECT_FALSE(arp_.next_output());
}

TEST_F(ArpOnALink, AFrameIsCompleteAndLeavesRoomForTheDevice) {
  request(kPeer, kUs);
  Packet frame = ArpHandler::make_frame(*arp_.next_output(), pool_);
  EXPECT_EQ(describe_frame(frame.front()), "ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:02");
  const auto h = EthernetHeader::parse(frame.front());
  EXPECT_EQ(h->destination, kMac);
  EXPECT_EQ(h->source, kOwn);
  EXPECT_GE(frame.slices()[0].headroom(), 16u);
  BufferPool empty(0);
  EXPECT_TRUE(ArpHandler::make_frame({kMac, {}}, empty).empty());
}

TEST_F(ArpOnALink, SilentForAddressesOfOthers) {
  const ArpInput in = request(kPeer, IpAddress::v4(10, 0, 0, 77));
  EXPECT_FALSE(in.will_reply);
  EXPECT_EQ(in.drop, DropReason::OTHERHOST);
  EXPECT_EQ(state(), ArpState::none);  // requests for other addresses teach nothing
  EXPECT_FALSE(arp_.next_output());
}

TEST_F(ArpOnALink, AsksByBroadcastAndBelievesTheAnswer) {
  ask_for(kPeer);
  const auto out = arp_.next_output();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->destination, MacAddress::broadcast());
  EXPECT_EQ(out->packet, (ArpPacket{ArpOperation::request, kOwn, kUs, {}, kPeer}));
  EXPECT_FALSE(reply(kPeer, kUs).drop);
  EXPECT_EQ(state(), ArpState::reachable);
  EXPECT_TRUE(arp_.neighbours.next_released());
}

TEST_F(ArpOnALink, ProbesAKnownStationByUnicast) {
  request(kPeer, kUs);
  ASSERT_TRUE(arp_.next_output());
  Packet p(pool_.allocate(BufferClass::frame, 14, 40));
  arp_.neighbours.send(kPeer, kUs, p, now_);
  now_ += 5s;
  arp_.neighbours.run(now_);
  const auto out = arp_.next_output();
  ASSERT_TRUE(out);
  EXPECT_EQ(out->destination, kMac);
  EXPECT_EQ(out->packet.operation, ArpOperation::request);
}

TEST_F(ArpOnALink, RepliesThatNobodyAskedForAreIgnored) {
  EXPECT_EQ(reply(kPeer, kUs).drop, DropReason::ARP_UNSOLICITED);
  EXPECT_EQ(state(), ArpState::none);
  ask_for(kPeer);
  EXPECT_EQ(reply(IpAddress::v4(10, 0, 0, 5), kUs).drop, DropReason::ARP_UNSOLICITED);
  EXPECT_EQ(reply(kPeer, IpAddress::v4(10, 0, 0, 8)).drop, DropReason::ARP_UNSOLICITED);  // to another station
  EXPECT_EQ(state(), ArpState::incomplete);
  reply(kPeer, kUs);
  EXPECT_EQ(reply(kPeer, kUs, kOtherMac).drop, DropReason::ARP_UNSOLICITED);  // a second answer is ignored
  Packet p(pool_.allocate(BufferClass::frame, 14, 40));
  EXPECT_EQ(arp_.neighbours.send(kPeer, kUs, p, now_).mac, kMac);
}

TEST_F(ArpOnALink, GratuitousOnesUpdateButNeverCreate) {
  EXPECT_EQ(request(kPeer, kPeer).drop, DropReason::ARP_UNSOLICITED);
  EXPECT_EQ(reply(kPeer, kPeer).drop, DropReason::ARP_UNSOLICITED);
  EXPECT_EQ(arp_.neighbours.size(), 0u);
  request(kPeer, kUs);
  EXPECT_FALSE(request(kPeer, kPeer, kOtherMac).drop);
  Packet p(pool_.allocate(BufferClass::frame, 14, 40));
  EXPECT_EQ(arp_.neighbours.send(kPeer, kUs, p, now_).mac, kOtherMac);
}

TEST_F(ArpOnALink, AProbeForAnAddressIsAnsweredButTeachesNothing) {
  EXPECT_TRUE(request(IpAddress::any_v4(), kUs).will_reply);
  EXPECT_EQ(arp_.neighbours.size(), 0u);
}

TEST_F(ArpOnALink, ImpossibleSendersAreNeitherAnsweredNorLearned) {
  for (const IpAddress& sender : {IpAddress::v4(224, 0, 0, 1), IpAddress::v4(10, 0, 0, 255), IpAddress::v4(0xffffffffu),
                                  IpAddress::v4(127, 0, 0, 1), IpAddress::v4(192, 168, 7, 7)}) {
    const ArpInput in = request(sender, kUs);
    EXPECT_FALSE(in.will_reply) << sender.to_string();
    EXPECT_EQ(in.drop, DropReason::IP_INVALID_SOURCE);
  }
  EXPECT_EQ(arp_.neighbours.size(), 0u);
}

TEST_F(ArpOnALink, AConflictIsToldButNotAnswered) {
  const ArpInput in = request(kUs, kUs);
  EXPECT_TRUE(in.address_conflict);
  EXPECT_FALSE(in.will_reply);
  EXPECT_TRUE(reply(kUs, kPeer).address_conflict);
  EXPECT_FALSE(request(kUs, kUs, kOwn).address_conflict);  // our own, back from a loop
}

TEST_F(ArpOnALink, AnAddressIsAnnouncedTwiceTwoSecondsApart) {
  const ArpPacket announcement{ArpOperation::request, kOwn, kUs, {}, kUs};
  arp_.announce(kUs, now_);
  for (int i = 0; i < 2; ++i) {
    const auto out = arp_.next_output();
    ASSERT_TRUE(out);
    EXPECT_EQ(out->destination, MacAddress::broadcast());
    EXPECT_EQ(out->packet, announcement);
    EXPECT_FALSE(arp_.next_output());
    if (i == 0) {
      EXPECT_EQ(arp_.next_deadline(), now_ + std::chrono::seconds(2));
    }
    now_ += std::chrono::seconds(2);
    arp_.run(now_);
  }
  EXPECT_EQ(arp_.next_deadline(), kNever);
  EXPECT_FALSE(arp_.next_output());
}

TEST_F(ArpOnALink, RepliesAreBounded) {
  for (std::size_t i = 0; i < ArpHandler::kMaxReplies; ++i) EXPECT_TRUE(request(kPeer, kUs).will_reply);
  EXPECT_EQ(request(kPeer, kUs).drop, DropReason::QUEUE_FULL);
  EXPECT_TRUE(arp_.next_output());
  EXPECT_TRUE(request(kPeer, kUs).will_reply);
}

TEST_F(ArpOnALink, SurvivesGarbage) {
  Random random({5, 6});
  for (int i = 0; i < 20000; ++i) {
    const auto address = [&] {
      return IpAddress::v4(random.chance(0.9) ? 0x0a000000 + random.below(8) : random.next32());
    };
    ArpPacket p;
    p.operation = random.chance(0.5) ? ArpOperation::request : ArpOperation::reply;
    p.sender_mac.bytes[5] = static_cast<std::uint8_t>(random.below(4));
    p.sender_ip = address(), p.target_ip = address();
    const ArpInput in = arp_.receive(p, addresses_, now_);
    ASSERT_FALSE(in.will_reply && in.drop);
    if (random.chance(0.2)) ask_for(IpAddress::v4(11, 0, 0, static_cast<std::uint8_t>(1 + random.below(250))));
    now_ += std::chrono::milliseconds(random.below(300));
    arp_.neighbours.run(now_);
    while (arp_.next_output()) {
    }
    while (arp_.neighbours.next_released()) {
    }
    while (arp_.neighbours.next_failed()) {
    }
  }
  EXPECT_LE(arp_.neighbours.size(), NeighbourConfig{}.max_entries);
}

}  // namespace
}  // namespace leat
