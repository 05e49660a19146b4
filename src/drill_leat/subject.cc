#include "drill_leat/subject.h"

#include <algorithm>
#include <deque>

#include "drill/text.h"
#include "drill_leat/calls.h"
#include "drill_leat/knobs.h"
#include "packet/packet.h"
#include "stack/queue_host.h"
#include "stack/stack.h"

namespace leat::drill {
namespace {

/// The clock does not begin at zero, since a TSval or an ISN that is 0 by chance would hide mistakes.
constexpr Instant kStart{std::chrono::hours(24)};
/// A stack that takes more rounds than this at one instant spins.
constexpr int kMostRounds = 10'000;

/// The settings that drill-kernel gives the kernel. The third number of tcp_rmem decides the scale of the windows.
SocketsConfig linux_defaults() {
  SocketsConfig config;
  config.tcp.receive_growth.most = 6'291'456;
  return config;
}

class LeatSubject final : public Subject {
 public:
  explicit LeatSubject(const Settings& settings) : settings_(settings) {}
  ~LeatSubject() override {
    pending_.reset();  // before Sockets, because a call that waits is abandoned first
    sockets_.reset();
    host_.reset();
  }

  std::optional<std::string> set(const Knob& knob) override;
  std::optional<int> run_command(const std::string&) override { return std::nullopt; }
  bool has_shell() const override { return false; }
  bool has(Feature) const override { return false; }  // Leat has none of the list
  void start() override {}

  Duration now() override { return now_ - kStart; }
  void advance_to(Duration time) override;
  void inject(Bytes packet) override;
  std::optional<SentPacket> next_sent(Duration deadline) override;

  std::optional<std::string> lack(const SystemCall& call) override {
    build();
    return leat_lacks(*sockets_, call);
  }
  void call(SystemCall& call) override;
  void begin(SystemCall& call) override;
  bool finish(Duration deadline) override;
  void abandon() override {
    if (pending_->is_pending()) sockets_->abandon(*pending_);
    waiting_ = nullptr;
  }

  /// Makes the stack, at the first event that needs one: settings that come before are its own. Nothing, or what Leat
  /// lacks.
  std::optional<std::string> build();

 private:
  /// Lets everything happen that can happen now.
  void settle();
  bool step();
  /// Lets the next timer up to `time` fire; false when there is none.
  bool fire_next(Instant time);

  const Settings& settings_;
  SocketsConfig config_ = linux_defaults();
  std::uint32_t mtu_ = settings_.mtu;
  BufferPool pool_;
  std::unique_ptr<QueueHost> host_;
  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<PendingCall> pending_ = std::make_unique<PendingCall>();
  SystemCall* waiting_ = nullptr;
  Instant now_ = kStart;
  std::deque<SentPacket> sent_;
};

std::optional<std::string> LeatSubject::set(const Knob& knob) {
  if (knob.name == "link.mtu" || knob.name == "route.mtu") {
    if (sockets_ != nullptr) return "Leat's links keep their MTU while packets flow";
    return set_link_mtu(knob.value, mtu_);
  }
  const auto trouble = set_leat_knob(knob, config_);
  // Once packets flow, a setting is that of the sockets that are made from then on.
  if (!trouble && sockets_ != nullptr) sockets_->set_config(config_);
  return trouble;
}

std::optional<std::string> LeatSubject::build() {
  if (sockets_ != nullptr) return std::nullopt;
  StackConfig config;
  config.seed = {0x1ea7, 0xd111};
  config.tcp = config_.tcp;
  host_ = std::make_unique<QueueHost>(config, pool_);
  InterfaceConfig interface;
  interface.caps.has_link_layer = false;
  interface.caps.mtu = interface.mtu = mtu_;
  const IpAddress local = settings_.local_address();
  constexpr std::uint8_t kPrefix4 = 16, kPrefix6 = 64;
  interface.addresses = {{local, local.is_v4() ? kPrefix4 : kPrefix6}};
  IpAddress gateway = local;
  gateway.bytes[local.is_v4() ? 3 : 15] ^= 1;
  interface.gateway = gateway;
  if (!host_->attach(interface)) {
    return settings_.wire_is_v6()
               ? "IPv6 (--ip_version=ipv6)"
               : concat("Leat has no interface with the address ", local.to_string(), " and an MTU of ", mtu_);
  }
  sockets_ = std::make_unique<Sockets>(host_->stack(), config_);
  return std::nullopt;
}

bool LeatSubject::step() {
  bool any = false;
  sockets_->run_timers(now_);
  any |= host_->transmit(now_, [&](const Packet& packet) {
    SentPacket sent{now(), std::vector<std::uint8_t>(packet.size())};
    static_cast<void>(packet.copy_out(0, sent.bytes));
    sent_.push_back(std::move(sent));
  });
  any |= host_->dispatch(now_, [&](const leat::Event& event) { sockets_->on_event(event, now_); });
  while (PendingCall* done = sockets_->next_completed()) {
    if (waiting_ != nullptr && done == pending_.get()) {
      end_leat_call(*sockets_, *waiting_, done->result(), *done);
      waiting_->finished = now();
      waiting_ = nullptr;
    }
    any = true;
  }
  return any;
}

void LeatSubject::settle() {
  for (int round = 0; round < kMostRounds && step(); ++round) {
  }
}

bool LeatSubject::fire_next(Instant time) {
  if (sockets_ == nullptr) return false;
  const Instant next = std::min(host_->next_deadline(), sockets_->next_deadline());
  if (next > time || next == kNever) return false;
  now_ = std::max(now_, next);
  settle();
  return true;
}

void LeatSubject::advance_to(Duration time) {
  const Instant end = kStart + time;
  for (int round = 0; round < kMostRounds && fire_next(end); round = now_ < end ? 0 : round + 1) {
  }
  now_ = std::max(now_, end);
}

void LeatSubject::inject(Bytes packet) {
  build();
  host_->receive(Packet(pool_.copy_of(packet)), now_);
  settle();
}

std::optional<SentPacket> LeatSubject::next_sent(Duration deadline) {
  const Instant end = kStart + deadline;
  while (sent_.empty() && fire_next(end)) {
  }
  if (sent_.empty()) {
    now_ = std::max(now_, end);
    return std::nullopt;
  }
  SentPacket packet = std::move(sent_.front());
  sent_.pop_front();
  return packet;
}

void LeatSubject::begin(SystemCall& call) {
  build();
  if (begin_leat_call(*sockets_, call, pending_.get(), now_).is_pending()) {
    waiting_ = &call;
  } else {
    call.finished = now();
  }
  settle();
}

void LeatSubject::call(SystemCall& call) {
  build();
  if (waiting_ != nullptr) {  // a call beside one in flight never blocks
    begin_leat_call(*sockets_, call, nullptr, now_);
    call.finished = now();
    return settle();
  }
  begin(call);
  if (finish(now() + kLongestCall)) return;
  advance_to(now() + kLongestCall);
  sockets_->interrupt(*pending_);
  settle();
}

bool LeatSubject::finish(Duration deadline) {
  const Instant end = kStart + deadline;
  while (waiting_ != nullptr && fire_next(end)) {
  }
  return waiting_ == nullptr;
}

}  // namespace

expected<std::unique_ptr<Subject>, std::string> make_leat_subject(const Settings& settings) {
  LeatSubject probe(settings);
  if (const auto lack = probe.build()) return unexpected(*lack);
  return std::unique_ptr<Subject>(std::make_unique<LeatSubject>(settings));
}

Verdict play_on_leat(const Script& script, const PlayOptions& options) {
  auto subject = make_leat_subject(script.settings);
  if (!subject) return {Verdict::Kind::skipped, subject.error(), {}};
  return play(script, **subject, options);
}

}  // namespace leat::drill
