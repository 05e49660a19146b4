// What every device has to do, whatever it is made of: the same stories for each entry of conformance_links.cc. The far
// end of its link is in the hands of the test, which sends and checks there every byte.
#include <gtest/gtest.h>
#include <sched.h>

#include "device/testing/conformance_story.h"
#include "device/testing/in_namespace.h"

namespace leat {
namespace {

using testing::bytes_of_packet;
using testing::ConformanceLink;
using testing::in_namespace;
using testing::kHeaders;
using testing::kMostSuper;
using testing::kMostTries;
using testing::kPatience;
using testing::kSegment;
using testing::shell;
using testing::Story;
using testing::TcpFrame;
using testing::WireFrame;
using Super = ConformanceLink::Super;
using Pressure = ConformanceLink::Pressure;
using Overflow = ConformanceLink::Overflow;

void describes_itself(Story& s) {
  const DeviceCaps& caps = s.device().caps();
  EXPECT_EQ(caps.completes_checksums, s.link().completes_checksums);
  EXPECT_EQ(caps.max_super_segment, s.link().super_out == Super::none ? 0u : 65'535u);
  EXPECT_EQ(caps.mtu, caps.loops_back ? 65'535u : 1500u);
  s.expect_to_work();
  const DeviceCounters counters = s.device().counters();
  const std::uint64_t packets = caps.loops_back ? 2 : 1, bytes = packets * (s.ip_at() + kHeaders + 100);
  EXPECT_EQ(counters.tx_packets, packets);
  EXPECT_EQ(counters.tx_bytes, bytes);
  EXPECT_EQ(counters.rx_packets, packets);
  EXPECT_EQ(counters.rx_bytes, bytes);
  EXPECT_EQ(counters.rx_dropped + counters.tx_refused, 0u);
  EXPECT_TRUE(s.is_quiet());
}

void carries_all_sizes(Story& s) {
  const DeviceCounters before = s.device().counters();
  std::vector<TcpFrame> some;
  std::uint32_t number = 0;
  const std::vector<std::size_t> payloads = s.payloads();
  for (const std::size_t payload : payloads) {
    some.push_back(s.frame(++number, payload));
    if (some.size() < PacketBatch::kCapacity && payload != payloads.back()) continue;
    for (const TcpFrame& f : some) ASSERT_TRUE(s.far().send(s.incoming(f)));
    for (const TcpFrame& f : some) ASSERT_NO_FATAL_FAILURE(s.expect_arrival(f));
    PacketBatch batch;
    for (const TcpFrame& f : some) batch.push(s.outgoing(f));
    ASSERT_TRUE(s.transmit(batch));
    for (const TcpFrame& f : some) ASSERT_NO_FATAL_FAILURE(s.expect_departure(f));
    some.clear();
  }
  const DeviceCounters counters = s.device().counters();
  EXPECT_EQ(counters.tx_packets - before.tx_packets, payloads.size() * (s.device().caps().loops_back ? 2 : 1));
  EXPECT_EQ(counters.rx_packets - before.rx_packets, counters.tx_packets - before.tx_packets);
  EXPECT_TRUE(s.is_quiet());
}

/// Whether it comes is for the link to say; what comes is whole, and what follows is not harmed.
void stands_odd_sizes(Story& s) {
  const std::size_t least = s.ip_at() + kHeaders;
  std::vector<WireFrame> odd;
  for (std::size_t size = 1; size < least; ++size) {
    odd.push_back(s.incoming(s.frame(1, 0)));
    odd.back().bytes.resize(size);
  }
  if (!s.device().caps().loops_back) odd.push_back(s.incoming(s.frame(2, s.mtu() + 1 - kHeaders)));
  odd.push_back(s.incoming(s.frame(3, kMostSuper)));
  for (const WireFrame& frame : odd) {
    (void)s.far().send(frame);
    const TcpFrame good = s.frame(4, 700);
    ASSERT_TRUE(s.far().send(s.incoming(good)));
    const auto first = s.next();
    ASSERT_TRUE(first) << frame.bytes.size();
    if (bytes_of_packet(*first) == s.incoming(good).bytes) continue;
    ASSERT_EQ(bytes_of_packet(*first), frame.bytes);
    ASSERT_NO_FATAL_FAILURE(s.expect_arrival(good));
  }
  for (const WireFrame& frame : odd) {
    Packet packet = s.outgoing(s.frame(3, frame.bytes.size() > least ? frame.bytes.size() - least : 0));
    packet.truncate(frame.bytes.size());
    const std::vector<std::uint8_t> bytes = bytes_of_packet(packet);
    s.send(std::move(packet));
    const TcpFrame good = s.frame(4, 700);
    s.send(s.outgoing(good));
    auto seen = s.far().receive(kPatience);
    if (seen && seen->bytes == bytes) seen = s.far().receive(kPatience);
    ASSERT_TRUE(seen) << bytes.size();
    ASSERT_EQ(seen->bytes, bytes_of_packet(s.outgoing(good))) << "behind one of " << bytes.size();
  }
  EXPECT_TRUE(s.is_quiet());
}

/// A segment, or a part of a super-segment, that carries its stream from f.seq + `at` on. Gives what it carries.
std::size_t check_part(const WireFrame& seen, const TcpFrame& f, std::size_t at, BufferPool& pool) {
  Packet packet(pool.copy_of(Bytes(seen.bytes).first(std::min<std::size_t>(seen.bytes.size(), 65'536))));
  packet.offload = seen.offload;
  EXPECT_TRUE(testing::has_right_checksums(std::move(packet), pool, f.link));
  const std::size_t headers = f.link + kHeaders;
  if (seen.bytes.size() <= headers) return 0;
  EXPECT_EQ(load_be32(seen.bytes.data() + f.link + 24), f.seq + at);
  const std::size_t payload = seen.bytes.size() - headers;
  for (std::size_t i = 0; i < payload; ++i) {
    const auto expected = testing::payload_byte(static_cast<std::uint32_t>(f.seq + at + i));
    if (seen.bytes[headers + i] == expected) continue;
    ADD_FAILURE() << "byte " << at + i << " is another one";
    break;
  }
  return payload;
}

void receives_partial_checksums(Story& s) {
  const auto before = s.device().counters().rx_partial_checksums;
  BufferPool pool;
  for (const std::size_t payload : {std::size_t{0}, std::size_t{1}, std::size_t{999}, s.mtu() - kHeaders}) {
    TcpFrame f = s.frame(1, std::min(payload, kMostSuper));
    f.partial = s.link().super_in != Super::none;
    ASSERT_TRUE(s.far().send(s.incoming(f)));
    const auto packet = s.next();
    ASSERT_TRUE(packet);
    const Offload& offload = packet->offload;
    ASSERT_EQ(offload.checksum == ChecksumState::partial, s.link().partial_in) << payload;
    if (s.link().partial_in) {
      EXPECT_EQ(offload.checksum_start, s.ip_at() + Ipv4Header::kSize);
      EXPECT_EQ(offload.checksum_offset, TcpHeader::kChecksumOffset);
      EXPECT_EQ(bytes_of_packet(*packet), s.incoming(f).bytes);
    } else {
      f.partial = false;
      EXPECT_EQ(bytes_of_packet(*packet), s.incoming(f).bytes);
    }
  }
  EXPECT_EQ(s.device().counters().rx_partial_checksums - before, s.link().partial_in ? 4u : 0u);
}

constexpr std::size_t kSuperPayloads[] = {kSegment + 1, 2 * kSegment, 20'000, 44 * kSegment, kMostSuper};

void receives_super_segments(Story& s) {
  const auto before = s.device().counters().rx_super_segments;
  BufferPool pool;
  std::uint32_t number = 0;
  for (const std::size_t payload : kSuperPayloads) {
    TcpFrame f = s.frame(++number, payload);
    f.gso = kSegment, f.partial = true;
    if (s.link().super_in == Super::none) f.gso = 0, f.partial = false, f.payload = kSegment;
    ASSERT_TRUE(s.far().send(s.incoming(f)));
    for (std::size_t at = 0; at < f.payload;) {
      const auto packet = s.next();
      ASSERT_TRUE(packet) << at << " of " << f.payload;
      const WireFrame seen{bytes_of_packet(*packet), packet->offload};
      if (s.link().super_in == Super::whole) {
        ASSERT_EQ(seen.bytes.size(), s.ip_at() + kHeaders + f.payload);
      }
      const bool over = seen.bytes.size() > s.ip_at() + s.mtu();
      ASSERT_TRUE(!over || s.link().super_in == Super::whole);
      if (over) {
        EXPECT_EQ(seen.offload.gso_size, kSegment);
        EXPECT_EQ(seen.offload.header_length, s.ip_at() + kHeaders);
      }
      const std::size_t here = check_part(seen, f, at, pool);
      ASSERT_GT(here, 0u);
      at += here;
    }
  }
  EXPECT_TRUE(s.is_quiet());
  if (s.mtu() == 1500) {
    EXPECT_EQ(s.device().counters().rx_super_segments - before, s.link().super_in == Super::whole ? 5u : 0u);
  }
}

void completes_checksums(Story& s) {
  if (!s.link().completes_checksums) return;  // it says so: the stack fills them in
  BufferPool pool;
  for (const std::size_t payload : {std::size_t{0}, std::size_t{1}, std::size_t{999}, s.mtu() - kHeaders}) {
    TcpFrame f = s.frame(1, std::min(payload, kMostSuper));
    f.partial = true;
    s.send(s.outgoing(f));
    const auto seen = s.far().receive(kPatience);
    ASSERT_TRUE(seen) << payload;
    EXPECT_EQ(check_part(*seen, f, 0, pool), f.payload);
    if (s.link().super_out != Super::split) continue;
    f.partial = false;
    EXPECT_EQ(seen->bytes, bytes_of_packet(s.outgoing(f))) << "filled in for an interface that does not";
  }
}

void sends_super_segments(Story& s) {
  if (s.link().super_out == Super::none) return;  // it says so: the stack splits them
  BufferPool pool;
  std::uint32_t number = 0;
  for (const std::size_t payload : kSuperPayloads) {
    TcpFrame f = s.frame(++number, payload);
    f.gso = kSegment, f.partial = true;
    s.send(s.outgoing(f));
    for (std::size_t at = 0; at < payload;) {
      const auto seen = s.far().receive(kPatience);
      ASSERT_TRUE(seen) << at << " of " << payload;
      const std::size_t here = check_part(*seen, f, at, pool);
      if (s.link().super_out == Super::whole) {
        ASSERT_EQ(here, payload);
        EXPECT_EQ(seen->offload.gso_size, kSegment);
      } else {
        ASSERT_EQ(here, std::min<std::size_t>(kSegment, payload - at));
        EXPECT_EQ(seen->offload.gso_size, 0);
        EXPECT_NE(seen->offload.checksum, ChecksumState::partial);
      }
      at += here;
    }
  }
}

/// Of a received frame; `link` bytes stand in front of its IP header.
std::uint32_t number_of(Bytes front, std::size_t link) { return load_be32(front.data() + link + 24) / 100'000; }

constexpr std::uint32_t kBurst = 400, kBursts = 3;
std::size_t payload_of(std::uint32_t number) { return number * 37 % (kSegment + 1); }

void receives_bursts(Story& s) {
  const auto losses_before = s.counted_losses();
  std::uint64_t missing = 0;
  for (std::uint32_t burst = 0; burst < kBursts; ++burst) {
    std::uint32_t expected = 0, next = 0;
    const auto take = [&](int patience) {
      const auto packet = s.next(patience);
      if (!packet) return false;
      const std::uint32_t number = number_of(packet->front(), s.ip_at());
      EXPECT_GE(number, next);
      EXPECT_EQ(bytes_of_packet(*packet), s.incoming(s.frame(number, payload_of(number))).bytes);
      missing += number - next;
      next = number + 1;
      return true;
    };
    for (; expected < kBurst; ++expected) {
      const WireFrame frame = s.incoming(s.frame(expected, payload_of(expected)));
      while (!s.far().send(frame)) ASSERT_TRUE(take(kPatience)) << "no room, and nothing there";
    }
    while (next < kBurst && take(missing > 0 ? 100 : kPatience) && !::testing::Test::HasFatalFailure()) {
    }
    missing += kBurst - next;
  }
  EXPECT_EQ(missing, s.counted_losses() - losses_before);
  EXPECT_TRUE(s.is_quiet());
}

/// What the far end sees of numbered frames: all, in order, but those that were lost behind the device and counted.
class Departures {
 public:
  using Payload = std::size_t (*)(std::uint32_t number);
  Departures(Story& story, Payload payload) : s_(story), payload_(payload), before_(story.losses_far_away()) {}

  std::uint32_t seen() const { return next_; }
  void see(std::uint32_t sent) {
    const bool has_losses = s_.losses_far_away() > before_;
    const auto frame = s_.far().receive(has_losses ? 100 : kPatience);
    ASSERT_TRUE(frame || has_losses) << next_ << " of " << sent;
    const std::uint32_t number = frame ? number_of(frame->bytes, s_.ip_at()) : sent;
    ASSERT_GE(number, next_);
    missing_ += number - next_;
    next_ = std::min(number + 1, sent);
    if (!frame) return;
    ASSERT_EQ(frame->bytes, bytes_of_packet(s_.outgoing(s_.frame(number, payload_(number)))));
  }
  void see_all(std::uint32_t sent) {
    while (next_ < sent) ASSERT_NO_FATAL_FAILURE(see(sent));
    EXPECT_EQ(missing_, s_.losses_far_away() - before_);
  }

 private:
  Story& s_;
  Payload payload_;
  std::uint64_t before_, missing_ = 0;
  std::uint32_t next_ = 0;
};

void sends_bursts(Story& s) {
  const DeviceCounters before = s.device().counters();
  for (std::uint32_t burst = 0; burst < kBursts; ++burst) {
    Departures far(s, payload_of);
    std::uint32_t sent = 0;
    PacketBatch batch;
    while (sent < kBurst || !batch.empty()) {
      for (; sent < kBurst && !batch.full(); ++sent) batch.push(s.outgoing(s.frame(sent, payload_of(sent))));
      if (!s.transmit(batch)) far.see(sent);
      ASSERT_FALSE(::testing::Test::HasFatalFailure());
    }
    ASSERT_NO_FATAL_FAILURE(far.see_all(sent));
  }
  EXPECT_EQ(s.device().counters().tx_packets - before.tx_packets, kBurst * kBursts);
  EXPECT_EQ(s.device().counters().tx_refused, before.tx_refused);
}

void counts_what_nobody_read(Story& s) {
  const auto own_before = s.device().counters().rx_dropped;
  const auto losses_before = s.counted_losses();
  TcpFrame f = s.frame(0, kSegment);
  if (s.link().super_in == Super::whole) f.payload = kMostSuper, f.gso = kSegment, f.partial = true;
  WireFrame frame = s.incoming(f);
  const auto lost = [&] { return s.counted_losses() - losses_before; };
  std::uint32_t sent = 0, got = 0, last = 0, last_seq = 0;
  // Some more after the first loss, so that there is one in the middle.
  for (bool overflows = false; sent % 64 != 0 || !overflows;) {
    ASSERT_LT(sent, 100'000u) << "it swallows everything";
    store_be32(frame.bytes.data() + s.ip_at() + 24, (sent + 1) * 100'000);  // no sum is looked at here
    if (!s.far().send(frame)) break;
    if (++sent % 64 == 32) overflows = lost() > 0;
  }
  EXPECT_EQ(lost() > 0, s.link().overflow != Overflow::refused);
  EXPECT_EQ(s.device().counters().rx_dropped > own_before,
            s.link().overflow == Overflow::device || s.link().overflow == Overflow::both);
  for (int patience = 0; got + lost() < sent && patience <= kPatience; patience += kPatience) {
    while (const auto packet = s.next(patience)) {
      const std::uint32_t seq = load_be32(packet->front().data() + s.ip_at() + 24);
      ASSERT_GT(seq, last_seq);
      last_seq = seq;
      const std::uint32_t number = number_of(packet->front(), s.ip_at());
      got += number != last ? 1 : 0;  // a super-segment may come in parts
      last = number;
      if (patience > 0 && got + lost() == sent) break;
    }
  }
  EXPECT_EQ(got + lost(), sent);
  EXPECT_GT(got, 50u) << "what had room";
  EXPECT_TRUE(s.is_quiet());
  s.expect_to_work();
}

void outlives_lack_of_memory(Story& s) {
  s.expect_to_work();
  std::vector<Slice> all;
  for (const BufferClass c : {BufferClass::super, BufferClass::medium, BufferClass::frame, BufferClass::header}) {
    while (Slice slice = s.pool().allocate(c, 0, 1)) all.push_back(std::move(slice));
  }
  constexpr std::uint32_t kSent = 100;
  const auto losses_before = s.counted_losses();
  for (std::uint32_t i = 0; i < kSent; ++i) ASSERT_TRUE(s.far().send(s.incoming(s.frame(i, 1200))));
  std::uint32_t got = 0;
  for (int tries = 0; tries < kMostTries && got + s.counted_losses() - losses_before < kSent; ++tries) {
    while (const auto packet = s.next(1)) {
      EXPECT_EQ(packet->size(), s.ip_at() + kHeaders + 1200);
      ++got;
    }
  }
  EXPECT_EQ(got + s.counted_losses() - losses_before, kSent);
  EXPECT_TRUE(s.is_quiet()) << "it would keep its owner awake";
  all.clear();
  for (int i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(s.expect_to_work());
}

void obstruct(const ConformanceLink& link) {
  if (link.pressure == Pressure::down) shell("ip link set " + link.interface + " down");
  if (link.pressure == Pressure::shaper) {
    shell("tc qdisc add dev " + link.interface + " root tbf rate 1mbit burst 2k limit 100m");
  }
}
void relieve(const ConformanceLink& link) {
  if (link.pressure == Pressure::down) shell("ip link set " + link.interface + " up; " + link.after_up);
  if (link.pressure == Pressure::shaper) {
    // A burst is to fit into the queue of the processor behind (net.core.netdev_max_backlog).
    shell("tc qdisc change dev " + link.interface + " root tbf rate 2gbit burst 256k limit 100m");
  }
}

/// As the owner of the device is told of it; `see` takes a frame at the far end.
void await_room(Story& s, const std::function<void()>& see) {
  const int writable = s.device().write_descriptor(), readable = s.device().descriptor();
  if (writable >= 0) {
    ASSERT_TRUE(Story::poll_for(POLLOUT, writable, kPatience)) << "nobody told of room";
  } else if (s.link().pressure == Pressure::far) {
    see();
    while (readable >= 0 && !s.is_readable() && !::testing::Test::HasFatalFailure()) see();
  } else if (s.link().pressure == Pressure::shaper) {
    ASSERT_TRUE(Story::poll_for(POLLIN, readable, kPatience)) << "nobody told of room";
  }  // else the owner tries again when it has something to send
  ASSERT_FALSE(writable < 0 && readable >= 0 && !s.device().caps().loops_back && s.next(0));
}

void waits_for_room(Story& s) {
  s.shorten_queues();
  obstruct(s.link());
  const std::uint32_t enough = s.link().pressure == Pressure::none ? 3000 : 40'000;
  const DeviceCounters before = s.device().counters();
  Departures far(s, [](std::uint32_t) -> std::size_t { return kSegment; });
  std::uint32_t sent = 0;
  PacketBatch batch;
  do {
    for (; !batch.full(); ++sent) batch.push(s.outgoing(s.frame(sent, kSegment)));
  } while (s.transmit(batch) && sent < enough);
  ASSERT_EQ(batch.empty(), s.link().pressure == Pressure::none) << sent << " were taken";
  const std::uint32_t taken = sent - static_cast<std::uint32_t>(batch.size());
  EXPECT_EQ(s.device().counters().tx_refused, before.tx_refused);
  EXPECT_TRUE(batch.empty() || number_of(batch.packets()[0].front(), s.ip_at()) == taken) << "the first that waits";
  const int writable = s.device().write_descriptor();
  EXPECT_FALSE(!batch.empty() && writable >= 0 && Story::poll_for(POLLOUT, writable, 0));
  EXPECT_TRUE(writable >= 0 || s.device().caps().loops_back || s.is_quiet());
  relieve(s.link());
  for (std::uint32_t tries = 0; !batch.empty(); ++tries) {
    ASSERT_LT(tries, sent) << "it tells of room and has none";
    ASSERT_NO_FATAL_FAILURE(await_room(s, [&] { far.see(sent); }));
    (void)s.transmit(batch);
  }
  ASSERT_NO_FATAL_FAILURE(far.see_all(sent));
  EXPECT_EQ(s.device().counters().tx_packets - before.tx_packets, sent);
  EXPECT_EQ(s.device().counters().tx_refused, before.tx_refused);
  s.expect_to_work();
}

void outlives_an_interface_that_is_down(Story& s) {
  s.expect_to_work();
  for (int round = 0; round < 2; ++round) {
    shell("ip link set " + s.link().interface + " down");
    EXPECT_TRUE(s.is_quiet()) << "it would keep its owner awake";
    for (std::uint32_t i = 0; i < 10; ++i) s.send(s.outgoing(s.frame(i, 100)));
    EXPECT_TRUE(s.is_quiet());
    PacketBatch batch;
    EXPECT_TRUE(s.device().receive(batch, s.pool())) << "it is not gone";
    EXPECT_TRUE(batch.empty());
    shell("ip link set " + s.link().interface + " up; " + s.link().after_up);
    // Until the carrier is there, what is sent may be lost; what was taken before may come now.
    const TcpFrame f = s.frame(77, 100 + static_cast<std::size_t>(round));
    std::optional<WireFrame> seen;
    for (int tries = 0; tries < 500 && (!seen || seen->bytes != bytes_of_packet(s.outgoing(f))); ++tries) {
      s.send(s.outgoing(f));
      seen = s.far().receive(10);
    }
    ASSERT_TRUE(seen);
    while (s.far().receive(10)) {
    }
    std::optional<Packet> packet;
    for (int tries = 0; tries < 500 && !packet; ++tries) {
      (void)s.far().send(s.incoming(f));
      packet = s.next(10);
    }
    ASSERT_TRUE(packet);
    EXPECT_EQ(bytes_of_packet(*packet), s.incoming(f).bytes);
    while (s.next(10)) {
    }
    ASSERT_NO_FATAL_FAILURE(s.expect_to_work());
  }
}

void tells_of_removal(Story& s) {
  s.expect_to_work();
  shell("ip link del " + s.link().interface);
  ASSERT_TRUE(Story::poll_for(POLLIN, s.device().descriptor(), kPatience)) << "nobody was told";
  expected<void, Error> received;
  for (int tries = 0; tries < 3 && received; ++tries) {
    PacketBatch batch;
    received = s.device().receive(batch, s.pool());
  }
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error(), Error::no_device);
  const auto refused = s.device().counters().tx_refused;
  s.send(s.outgoing(s.frame(1, 100)));
  EXPECT_EQ(s.device().counters().tx_refused, refused + 1);
}

/// The kernel has a queue of frames for each, and frames in different ones may overtake each other.
void stay_on_one_processor() {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(::sched_getcpu(), &here);
  EXPECT_EQ(::sched_setaffinity(0, sizeof here, &here), 0);
}

using Stories = std::initializer_list<void (*)(Story&)>;

/// One after the other, on one link; what a story finds broken ends the test.
class Conformance : public ::testing::TestWithParam<ConformanceLink> {
 protected:
  void play(Stories stories) {
    const auto reason = in_namespace([&] {
      stay_on_one_processor();
      BufferPool pool;
      testing::JoinedLink joined = GetParam().join(pool);
      if (!joined.device || testing::is_skipped()) return;
      Story story(GetParam(), std::move(joined));
      for (const auto& tell : stories) ASSERT_NO_FATAL_FAILURE(tell(story));
    });
    if (reason) GTEST_SKIP() << *reason;
  }
};

TEST_P(Conformance, FramesArriveInOrderAndAsTheyAreAndOffloadsAreToldOrDone) {
  play({describes_itself, carries_all_sizes, stands_odd_sizes, receives_bursts, sends_bursts,
        receives_partial_checksums, receives_super_segments, completes_checksums, sends_super_segments});
}

TEST_P(Conformance, WhatHasNoRoomWaitsOrIsCounted) {
  // The first one shortens queues of the kernel's.
  play({waits_for_room, outlives_lack_of_memory, counts_what_nobody_read});
}

INSTANTIATE_TEST_SUITE_P(Links, Conformance, ::testing::ValuesIn(testing::conformance_links()),
                         [](const auto& instance) { return instance.param.name; });

/// Of links on an interface of the kernel's.
class InterfaceConformance : public Conformance {};

TEST_P(InterfaceConformance, DownIsSilenceAndRemovedIsAnError) {
  play({outlives_an_interface_that_is_down, tells_of_removal});
}

std::vector<ConformanceLink> links_on_interfaces() {
  std::vector<ConformanceLink> links = testing::conformance_links();
  std::erase_if(links, [](const ConformanceLink& link) { return link.interface.empty(); });
  return links;
}

INSTANTIATE_TEST_SUITE_P(Links, InterfaceConformance, ::testing::ValuesIn(links_on_interfaces()),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace leat
