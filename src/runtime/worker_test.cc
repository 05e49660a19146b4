// The worker over a memory link, driven from the test's thread on the other side of which nobody listens.
#include "runtime/worker.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <ctime>
#include <future>
#include <latch>

#include "device/loopback.h"
#include "device/memory_link.h"
#include "device/memory_pair.h"
#include "link/forwarding_device.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

namespace leat {
namespace {

using namespace std::chrono_literals;

constexpr MacAddress kMac{{2, 0, 0, 0, 0, 1}}, kOtherMac{{2, 0, 0, 0, 0, 2}};
constexpr IpAddress kAddress = IpAddress::v4(10, 0, 0, 1), kOtherAddress = IpAddress::v4(10, 0, 0, 2);

/// A device whose descriptor works, and that fails or refuses room when told to.
class MoodyDevice final : public ForwardingDevice {
 public:
  struct Mood {
    std::atomic<bool> broken{false}, full{false};
    std::atomic<int> transmits{0};
    std::atomic<bool>* destroyed = nullptr;
  };
  MoodyDevice(std::unique_ptr<Device> inner, Mood& mood) : ForwardingDevice(std::move(inner)), mood_(mood) {}
  ~MoodyDevice() override {
    if (mood_.destroyed != nullptr) *mood_.destroyed = true;
  }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override {
    if (mood_.broken) return unexpected(Error::no_device);
    return inner_->receive(batch, pool);
  }
  void transmit(PacketBatch& batch) override {
    ++mood_.transmits;
    if (!mood_.full) inner_->transmit(batch);
  }
  int write_descriptor() const override { return -1; }

 private:
  Mood& mood_;
};

class WorkerTest : public ::testing::Test {
 protected:
  /// The worker's side of the link; ours is `other_`.
  WorkerLink link() {
    WorkerLink l;
    l.device = std::make_unique<MoodyDevice>(*cable_.take_end(kMac), mood_);
    other_.reset();
    other_ = *cable_.take_end(kOtherMac);
    l.interface.caps = l.device->caps();
    l.interface.mac = kMac;
    l.interface.addresses = {{kAddress, 24}};
    return l;
  }
  std::unique_ptr<Worker> start(WorkerCallbacks callbacks = {}, Polling polling = Polling::adaptive) {
    std::vector<WorkerLink> links;
    links.push_back(link());
    auto worker = Worker::start({{}, polling}, std::move(links), std::move(callbacks));
    EXPECT_TRUE(worker);
    take_announcement();
    return std::move(*worker);
  }
  /// Asks who has the worker's address, `count` times.
  void send_arp_requests(std::size_t count) {
    while (count > 0) {
      PacketBatch batch;
      for (; count > 0 && !batch.full(); --count) {
        Slice s = pool_.allocate(BufferClass::header, 0, 14 + ArpPacket::kSize);
        make_ethernet(MacAddress::broadcast(), kOtherMac, EtherType::arp).write(s.mutable_bytes());
        ArpPacket{ArpOperation::request, kOtherMac, kOtherAddress, {}, kAddress}.write(s.mutable_bytes().subspan(14));
        batch.push(Packet(std::move(s)));
      }
      other_->transmit(batch);
      ASSERT_TRUE(batch.empty());
    }
  }
  /// Waits for the ARP announcement with which an interface begins.
  void take_announcement() {
    PacketBatch batch;
    while (batch.empty()) {
      pollfd wanted{other_->descriptor(), POLLIN, 0};
      ASSERT_EQ(::poll(&wanted, 1, -1), 1);  // polling receive() would contend for the lock that the worker takes
      ASSERT_TRUE(other_->receive(batch, pool_));
    }
    EXPECT_EQ(batch.size(), 1u);
  }
  /// Waits until the worker asks for the address of our side, and tells it.
  void answer_arp() {
    for (PacketBatch batch;; batch.clear()) {
      ASSERT_TRUE(other_->receive(batch, pool_));
      if (batch.empty()) continue;
      Slice s = pool_.allocate(BufferClass::header, 0, 14 + ArpPacket::kSize);
      make_ethernet(kMac, kOtherMac, EtherType::arp).write(s.mutable_bytes());
      ArpPacket{ArpOperation::reply, kOtherMac, kOtherAddress, kMac, kAddress}.write(s.mutable_bytes().subspan(14));
      batch.clear();
      batch.push(Packet(std::move(s)));
      other_->transmit(batch);
      return;
    }
  }
  static void settle(Worker& worker) {
    std::latch done(1);
    ASSERT_TRUE(worker.post([&](Stack&, Instant) { done.count_down(); }));
    done.wait();
  }

  struct Waiting {
    Duration cpu_time{};
    long sleeps = 0;
  };
  /// What a worker does while it waits for a timer of 30 ms and nothing happens.
  Waiting wait_for_timer(Polling polling) {
    std::promise<Waiting> taken;
    std::optional<Instant> due;
    Waiting before;
    WorkerCallbacks callbacks;
    callbacks.on_timers = [&](Stack&, Instant now) {
      if (due == kNever) return kNever;
      if (!due) {
        due = now + 30ms;
        before = of_this_thread();
      }
      if (now < *due) return *due;
      const Waiting after = of_this_thread();
      taken.set_value({after.cpu_time - before.cpu_time, after.sleeps - before.sleeps});
      due = kNever;
      return kNever;
    };
    const auto worker = start(std::move(callbacks), polling);
    return taken.get_future().get();
  }
  /// The least of three waits. A busy machine can charge a sleeping thread for some of them. A thread that spins pays
  /// in each.
  Duration least_cpu_time(Polling polling) {
    Duration least = Duration::max();
    for (int i = 0; i < 3; ++i) least = std::min(least, wait_for_timer(polling).cpu_time);
    return least;
  }
  static Waiting of_this_thread() {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    rusage usage{};
    ::getrusage(RUSAGE_THREAD, &usage);
    return {std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec), usage.ru_nvcsw};
  }

  BufferPool pool_;
  MoodyDevice::Mood mood_;
  MemoryLink cable_;
  std::unique_ptr<Device> other_;
};

TEST_F(WorkerTest, TasksRunInOrderOnItsThread) {
  const auto worker = start();
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(worker->post([&, i](Stack&, Instant) {
      EXPECT_TRUE(worker->is_worker_thread());
      order.push_back(i);
    }));
  }
  EXPECT_FALSE(worker->is_worker_thread());
  settle(*worker);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

TEST_F(WorkerTest, AnswersWhatArrives) {
  const auto worker = start();
  send_arp_requests(1);
  for (;;) {
    PacketBatch batch;
    ASSERT_TRUE(other_->receive(batch, pool_));
    if (batch.empty()) {
      settle(*worker);
      continue;
    }
    const auto reply = ArpPacket::parse(batch.packets()[0].front().subspan(14));
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->operation, ArpOperation::reply);
    EXPECT_EQ(reply->sender_mac, kMac);
    break;
  }
}

TEST_F(WorkerTest, AFloodOfFramesDoesNotKeepTasksWaiting) {
  const auto worker = start();
  std::latch blocked(1), go(1);
  ASSERT_TRUE(worker->post([&](Stack&, Instant) {
    blocked.count_down();
    go.wait();
  }));
  blocked.wait();
  send_arp_requests(10000);
  std::promise<std::uint64_t> seen;
  ASSERT_TRUE(worker->post([&](Stack& stack, Instant) { seen.set_value(stack.counters()[Counter::ArpInRequests]); }));
  go.count_down();
  EXPECT_LE(seen.get_future().get(), 2 * PacketBatch::kCapacity) << "a turn takes one batch";
}

TEST_F(WorkerTest, SleepsUntilTheTimerAndNotLess) {
  std::promise<std::pair<std::uint64_t, Duration>> woken;
  std::atomic<const Worker*> self{nullptr};
  std::uint64_t first_turn = 0;
  std::optional<Instant> began;
  WorkerCallbacks callbacks;
  callbacks.on_timers = [&](Stack&, Instant now) {
    if (self == nullptr) return kNever;
    if (!began) {
      began = now;
      first_turn = self.load()->turns();
    }
    const Instant due = *began + 30ms;
    if (now < due) return due;
    woken.set_value({self.load()->turns() - first_turn, now - *began});
    self = nullptr;
    return kNever;
  };
  const auto worker = start(std::move(callbacks));
  ASSERT_TRUE(worker->post([&](Stack&, Instant) { self = worker.get(); }));
  const auto [turns, slept] = woken.get_future().get();
  EXPECT_GE(slept, 30ms);
  EXPECT_LE(turns, 3u) << "an idle worker does nothing";
}

TEST_F(WorkerTest, AnIdleOneTakesNoCpu) { EXPECT_LT(least_cpu_time(Polling::adaptive), 10ms); }

TEST_F(WorkerTest, OneThatShallSleepTakesNoCpu) {
  EXPECT_LT(least_cpu_time(Polling::sleep), 10ms);
  EXPECT_GE(wait_for_timer(Polling::sleep).sleeps, 1);
}

TEST_F(WorkerTest, ABusyOneNeverSleeps) { EXPECT_EQ(wait_for_timer(Polling::busy).sleeps, 0); }

TEST_F(WorkerTest, BackPressureKeepsPacketsAndDoesNotSpin) {
  const auto worker = start();
  settle(*worker);
  mood_.full = true;
  send_arp_requests(1);
  while (mood_.transmits == 0) settle(*worker);
  std::promise<std::uint64_t> before, after;
  std::promise<void> later;
  // The blocked device causes no turn: those that happen are of these tasks.
  ASSERT_TRUE(worker->post([&](Stack&, Instant) { before.set_value(worker->turns()); }));
  const std::uint64_t from = before.get_future().get();
  (void)later.get_future().wait_for(20ms);
  ASSERT_TRUE(worker->post([&](Stack&, Instant) { after.set_value(worker->turns()); }));
  EXPECT_LE(after.get_future().get() - from, 40u);
  mood_.full = false;
  PacketBatch batch;
  while (batch.empty()) {
    settle(*worker);
    ASSERT_TRUE(other_->receive(batch, pool_));
  }
  EXPECT_EQ(batch.size(), 1u);
}

TEST_F(WorkerTest, ABlockedLinkBesideLoopbackNeitherSpinsNorLoses) {
  constexpr std::size_t kMany = 1500;  // more than the 1,024 packets that wait for a device at most
  constexpr IpAddress kSelf = IpAddress::v4(127, 0, 0, 1);
  std::vector<WorkerLink> links;
  links.push_back(link());
  WorkerLink& loop = links.emplace_back();
  loop.device = std::move(*open_loopback());
  loop.interface.caps = loop.device->caps();
  loop.interface.mtu = loop.device->caps().mtu;
  loop.interface.addresses = {{kSelf, 8}};
  std::promise<void> accepted;
  WorkerCallbacks callbacks;
  callbacks.on_event = [&](Stack&, const Event& event, Instant) {
    if ((event.bits & kEventAcceptable) != 0) accepted.set_value();
  };
  const auto worker = *Worker::start({}, std::move(links), std::move(callbacks));
  take_announcement();
  ASSERT_TRUE(worker->post([&](Stack& stack, Instant now) {
    // Its neighbour entry is known, so that SYNs are not held for an answer to ARP.
    EXPECT_TRUE(stack.send_echo({.source = kAddress, .destination = kOtherAddress, .id = 1, .sequence = 1}, now));
  }));
  answer_arp();
  mood_.full = true;
  ASSERT_TRUE(worker->post([&](Stack& stack, Instant now) {
    for (std::size_t i = 0; i < kMany; ++i) {
      const Endpoint remote{kOtherAddress, static_cast<std::uint16_t>(1000 + i)};
      EXPECT_TRUE(stack.connect({.remote = remote}, now));
    }
    EXPECT_TRUE(stack.listen({kSelf, 80}, 4));
    EXPECT_TRUE(stack.connect({.remote = {kSelf, 80}}, now));
  }));
  accepted.get_future().wait();  // the other link works
  settle(*worker);
  std::promise<std::uint64_t> before, after;
  std::promise<void> later;
  ASSERT_TRUE(worker->post([&](Stack&, Instant) { before.set_value(worker->turns()); }));
  const std::uint64_t from = before.get_future().get();
  (void)later.get_future().wait_for(50ms);
  std::uint64_t lost = 1;
  ASSERT_TRUE(worker->post([&](Stack& stack, Instant) {
    lost = stack.counters()[DropReason::QUEUE_FULL];
    after.set_value(worker->turns());
  }));
  EXPECT_LE(after.get_future().get() - from, 10u) << "it spins";
  EXPECT_EQ(lost, 0u);
}

TEST_F(WorkerTest, AFailedDeviceIsRecordedAndTold) {
  std::promise<Error> told;
  WorkerCallbacks callbacks;
  callbacks.on_link_failure = [&](Stack&, Error e, Instant) { told.set_value(e); };
  const auto worker = start(std::move(callbacks));
  EXPECT_FALSE(worker->failure());
  mood_.broken = true;
  send_arp_requests(1);
  EXPECT_EQ(told.get_future().get(), Error::no_device);
  EXPECT_EQ(worker->failure(), Error::no_device);
  settle(*worker);  // it still serves
}

TEST_F(WorkerTest, StoppingRunsWhatWasPostedThenOnStopThenGivesTheDeviceBack) {
  std::string story;
  std::atomic<bool> destroyed{false};
  mood_.destroyed = &destroyed;
  Worker* raw = nullptr;
  WorkerCallbacks callbacks;
  callbacks.on_stop = [&](Stack&, Instant) {
    story += "stop ";
    EXPECT_TRUE(raw->post([&](Stack&, Instant) { story += "late "; }));
  };
  const auto worker = start(std::move(callbacks));
  raw = worker.get();
  std::latch blocked(1), go(1);
  ASSERT_TRUE(worker->post([&](Stack&, Instant) {
    blocked.count_down();
    go.wait();
  }));
  blocked.wait();
  ASSERT_TRUE(worker->post([&](Stack&, Instant) { story += "task "; }));
  go.count_down();
  worker->stop();
  EXPECT_EQ(story, "task stop late ");
  EXPECT_TRUE(destroyed);
  EXPECT_FALSE(worker->post([](Stack&, Instant) { FAIL(); }));
  worker->stop();
}

TEST_F(WorkerTest, ALinkThatCannotBeWaitedForIsRefused) {
  MemoryPair pair(plain_memory_caps());  // has no descriptors
  std::vector<WorkerLink> links;
  links.push_back(link());
  links[0].device = std::move(pair.first);
  const auto refused = Worker::start({}, std::move(links), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Error::unsupported);
  EXPECT_FALSE(Worker::start({}, {}, {})) << "no link at all";
}

}  // namespace
}  // namespace leat
