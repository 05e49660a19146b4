#include "device/impair.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "device/monotonic_clock.h"
#include "device/open_device.h"
#include "device/system_random.h"
#include "device/unique_fd.h"
#include "emulator/link_emulator.h"
#include "link/forwarding_device.h"
#include "wire/ethernet.h"

namespace leat {
namespace {

/// The emulator of one direction; empty when nothing impairs it.
using Emulator = std::optional<LinkEmulator>;

class ImpairedDevice final : public ForwardingDevice {
 public:
  ImpairedDevice(std::unique_ptr<Device> inner, UniqueFd epoll, UniqueFd timer, Emulator in, Emulator out)
      : ForwardingDevice(std::move(inner)),
        epoll_(std::move(epoll)),
        timer_(std::move(timer)),
        in_(std::move(in)),
        out_(std::move(out)) {}
  ~ImpairedDevice() override {
    flush(kNever);
    inner_.reset();  // it may still hold packets whose memory is of pool_
  }

  bool watch();

  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override;
  void transmit(PacketBatch& batch) override;
  int descriptor() const override { return epoll_.get(); }
  int write_descriptor() const override { return -1; }
  std::vector<ImpairmentReport> impairments() const override;
  void judged(std::span<const PacketVerdict> verdicts) override {
    if (!in_) inner_->judged(verdicts);  // else the verdicts are about other packets than those of inner_
  }

 private:
  void flush(Instant now);
  void set_timer(Instant now);
  void set_blocked(bool blocked);

  BufferPool pool_;  ///< memory for sent frames: headers of split super-segments, duplicates
  UniqueFd epoll_, timer_;
  Emulator in_, out_;
  PacketBatch arrived_;  ///< from inner_, on its way into in_
  PacketBatch ready_;    ///< out of out_; not empty between calls while inner_ takes no more
  Instant timer_at_ = kNever;
  bool blocked_ = false;
};

bool ImpairedDevice::watch() {
  epoll_event e{};
  e.events = EPOLLIN;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, inner_->descriptor(), &e) == 0 &&
         ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &e) == 0;
}

expected<void, Error> ImpairedDevice::receive(PacketBatch& batch, BufferPool& pool) {
  const Instant now = monotonic_now();
  flush(now);
  const auto received = inner_->receive(in_ ? arrived_ : batch, pool);
  if (in_) {
    in_->send(arrived_, now, pool);
    in_->receive(batch, now, pool);
  }
  set_timer(now);
  return received;
}

void ImpairedDevice::transmit(PacketBatch& batch) {
  const Instant now = monotonic_now();
  if (!out_) {
    inner_->transmit(batch);
    return set_blocked(!batch.empty());
  }
  flush(now);
  if (ready_.empty()) {
    out_->send(batch, now, pool_);
    flush(now);
  }
  set_timer(now);
}

/// Sends the frames that are due, as far as the device takes them.
void ImpairedDevice::flush(Instant now) {
  if (!out_) return;
  do {
    if (!ready_.empty()) inner_->transmit(ready_);
    if (!ready_.empty()) break;
    out_->receive(ready_, now, pool_);
  } while (!ready_.empty());
  set_blocked(!ready_.empty());
}

void ImpairedDevice::set_timer(Instant now) {
  Instant next = in_ ? in_->next_arrival() : kNever;
  if (out_ && ready_.empty()) next = std::min(next, out_->next_arrival());
  // Setting the timer also clears its expiry.
  if (next == timer_at_ && (next > now || next == kNever)) return;
  timer_at_ = next;
  itimerspec spec{};
  if (next != kNever) {
    const auto since = std::max<Duration>(next.time_since_epoch(), Duration(1));  // 0 would switch it off
    spec.it_value.tv_sec = since / std::chrono::seconds(1);
    spec.it_value.tv_nsec = (since % std::chrono::seconds(1)).count();
  }
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

/// While the device takes nothing, the epoll descriptor also becomes readable when the device has room again.
void ImpairedDevice::set_blocked(bool blocked) {
  if (std::exchange(blocked_, blocked) == blocked) return;
  const int fd = inner_->write_descriptor();
  if (fd < 0) return;
  epoll_event e{};
  const bool shared = fd == inner_->descriptor();
  if (shared) e.events = EPOLLIN;
  if (blocked) e.events |= EPOLLOUT;
  const int operation = shared ? EPOLL_CTL_MOD : blocked ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
  ::epoll_ctl(epoll_.get(), operation, fd, &e);
}

std::vector<ImpairmentReport> ImpairedDevice::impairments() const {
  std::vector<ImpairmentReport> out = inner_->impairments();
  for (const auto& [emulator, direction] :
       {std::pair{&in_, Impairment::Direction::in}, std::pair{&out_, Impairment::Direction::out}}) {
    if (!*emulator) continue;
    for (const FateMaker& stage : (*emulator)->stages()) {
      out.push_back({stage.impairment(), stage.counters()});
      out.back().impairment.direction = direction;
    }
  }
  return out;
}

std::uint64_t random_seed() {
  // The seed is short enough to type.
  std::array<std::uint8_t, 4> raw;
  fill_random(raw);
  return load_be32(raw.data());
}

Emulator make_emulator(const std::vector<Impairment>& all, bool (Impairment::*applies)() const,
                       const EmulatorOptions& options) {
  std::vector<Impairment> mine;
  for (const Impairment& i : all) {
    if ((i.*applies)()) mine.push_back(i);
  }
  if (mine.empty()) return std::nullopt;
  return LinkEmulator(mine, options);
}

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> impair(std::unique_ptr<Device> inner,
                                                      std::vector<Impairment> impairments) {
  for (Impairment& i : impairments) {
    if (!i.seed) i.seed = random_seed();
  }
  const DeviceCaps& caps = inner->caps();
  EmulatorOptions in, out;
  in.link_header = out.link_header = caps.has_link_layer ? EthernetHeader::kSize : 0;
  in.max_super_segment = 65535, in.partial_checksums = true;  // the stack takes everything
  out.max_super_segment = caps.max_super_segment, out.partial_checksums = caps.completes_checksums;
  in.stream = 1;
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  auto device = std::make_unique<ImpairedDevice>(std::move(inner), std::move(epoll), std::move(timer),
                                                 make_emulator(impairments, &Impairment::applies_in, in),
                                                 make_emulator(impairments, &Impairment::applies_out, out));
  if (!device->watch()) {
    return device_failure(Error::system, std::string("cannot impair this link: ") + std::strerror(errno));
  }
  return std::unique_ptr<Device>(std::move(device));
}

}  // namespace leat
