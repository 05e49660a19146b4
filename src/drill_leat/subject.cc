#include "drill_leat/subject.h"

#include <algorithm>
#include <deque>

#include "drill/text.h"
#include "drill_leat/calls.h"
#include "drill_leat/knobs.h"
#include "packet/packet.h"
#include "stack/stack.h"
#include "stack/transmit_all.h"

namespace leat::drill {
namespace {

/// The clock does not begin at zero: a TSval or an ISN that is 0 by chance would hide mistakes.
constexpr Instant kStart{std::chrono::hours(24)};
/// More rounds than this at one instant are a stack that spins.
constexpr int kMostRounds = 10'000;

/// As drill-kernel sets the kernel up: the third of tcp_rmem decides the scale of the windows.
SocketsConfig linux_defaults() {
  SocketsConfig config;
  config.tcp.receive_growth.most = 6'291'456;
  return config;
}

class LeatSubject final : public Subject {
 public:
  explicit LeatSubject(const Settings& settings) : settings_(settings) { wait_for_knobs_ = true; }
  ~LeatSubject() override {
    pending_.reset();  // before Sockets: a call that waits is abandoned first
    sockets_.reset();
    stack_.reset();
  }

  std::optional<std::string> set(const Knob& knob) override {
    if (!wait_for_knobs_) return "Leat takes settings of the system before the first event only";
    return set_leat_knob(knob, config_);
  }
  std::optional<int> run_command(const std::string&) override { return std::nullopt; }
  void start() override;

  Duration now() override { return now_ - kStart; }
  void advance_to(Duration time) override;
  void inject(Bytes packet) override;
  std::optional<SentPacket> next_sent(Duration deadline) override;

  std::optional<std::string> lack(const SystemCall& call) override { return leat_lacks(*sockets_, call); }
  void call(SystemCall& call) override;
  void begin(SystemCall& call) override;
  bool finish(Duration deadline) override;
  void abandon() override {
    if (pending_->is_pending()) sockets_->abandon(*pending_);
    waiting_ = nullptr;
  }

  std::string trouble() const { return trouble_; }
  void build();

 private:
  /// Everything that can happen now.
  void settle();
  bool step();
  /// Lets the next timer up to `time` fire; false when there is none.
  bool fire_next(Instant time);

  const Settings& settings_;
  SocketsConfig config_ = linux_defaults();
  bool wait_for_knobs_ = false;
  std::string trouble_;
  BufferPool pool_;
  std::unique_ptr<Stack> stack_;
  std::unique_ptr<Sockets> sockets_;
  std::unique_ptr<PendingCall> pending_ = std::make_unique<PendingCall>();
  SystemCall* waiting_ = nullptr;
  Instant now_ = kStart;
  std::deque<SentPacket> sent_;
};

void LeatSubject::build() {
  StackConfig config;
  config.seed = {0x1ea7, 0xd111};
  config.tcp = config_.tcp;
  stack_ = std::make_unique<Stack>(config, pool_);
  InterfaceConfig interface;
  interface.caps.has_link_layer = false;
  interface.caps.mtu = interface.mtu = settings_.mtu;
  const IpAddress local = settings_.local_address();
  constexpr std::uint8_t kPrefix4 = 16, kPrefix6 = 64;
  interface.addresses = {{local, local.is_v4() ? kPrefix4 : kPrefix6}};
  IpAddress gateway = local;
  gateway.bytes[local.is_v4() ? 3 : 15] ^= 1;
  interface.gateway = gateway;
  if (!stack_->add_interface(interface)) {
    trouble_ = settings_.wire_is_v6() ? "Leat has no IPv6"
                                      : concat("Leat has no interface with the address ", local.to_string(),
                                               " and an MTU of ", settings_.mtu);
    return;
  }
  sockets_ = std::make_unique<Sockets>(*stack_, config_);
}

void LeatSubject::start() {
  build();
  wait_for_knobs_ = false;
}

bool LeatSubject::step() {
  bool any = false;
  sockets_->run_timers(now_);
  transmit_all(*stack_, 1, now_, [&](const Packet& packet) {
    SentPacket sent{now(), std::vector<std::uint8_t>(packet.size())};
    static_cast<void>(packet.copy_out(0, sent.bytes));
    sent_.push_back(std::move(sent));
    any = true;
  });
  while (const auto event = stack_->next_event()) {
    sockets_->on_event(*event, now_);
    any = true;
  }
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
  const Instant next = std::min(stack_->next_deadline(), sockets_->next_deadline());
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
  PacketBatch batch;
  batch.push(Packet(pool_.copy_of(packet)));
  stack_->receive(1, batch, now_);
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
  if (begin_leat_call(*sockets_, call, pending_.get(), now_).is_pending()) {
    waiting_ = &call;
  } else {
    call.finished = now();
  }
  settle();
}

void LeatSubject::call(SystemCall& call) {
  if (waiting_ != nullptr) {  // what is asked beside a call in flight never blocks
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
  probe.build();
  if (!probe.trouble().empty()) return unexpected(probe.trouble());
  return std::unique_ptr<Subject>(std::make_unique<LeatSubject>(settings));
}

Verdict play_on_leat(const Script& script, const PlayOptions& options) {
  auto subject = make_leat_subject(script.settings);
  if (!subject) return {Verdict::Kind::skipped, subject.error(), {}};
  return play(script, **subject, options);
}

}  // namespace leat::drill
