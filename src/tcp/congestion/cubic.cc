#include "tcp/congestion/cubic.h"

namespace leat {
namespace {

constexpr std::uint64_t kUnit = 1024;
constexpr std::uint64_t kBeta = 717;  // of 1024: 0.7 (RFC 9438 §4.6)
// While the capacity of the path is unknown, the window grows by at least 5 % per round trip. Otherwise the plateau at
// which the curve begins would hold it up.
constexpr std::uint32_t kMostBeforeLosses = 20;

// Linux evaluates its curve once per tick, usually 4 ms, and keeps the result until the next tick. On paths with a
// shorter RTT that decides how fast the window recovers, so it is done here, too.
using Tick = std::chrono::duration<std::int64_t, std::ratio<1, 250>>;
constexpr std::uint32_t kTicksASecond = 250;

std::uint32_t ticks_of(Instant now) {
  return static_cast<std::uint32_t>(std::chrono::floor<Tick>(now.time_since_epoch()).count());
}

}  // namespace

std::unique_ptr<CongestionController> make_cubic(const ControllerConfig& config) {
  return std::make_unique<Cubic>(config);
}

void Cubic::on_ack(const AckSample& sample) {
  if (sample.rtt) measure(sample);
  if (!may_grow(sample)) return;
  std::uint32_t acked = sample.acked_bytes;
  if (in_slow_start()) acked = slow_start(acked);
  if (acked > 0) avoid_congestion(acked, ticks_of(sample.now));
}

void Cubic::measure(const AckSample& sample) {
  // Right after a recovery, RTT samples include a queue that other flows have filled, too.
  if (in_epoch_ && ticks_of(sample.now) - stage_->epoch < kTicksASecond) return;
  const HyStart::Micros rtt = std::max(to_micros(*sample.rtt), HyStart::Micros{1});
  if (min_rtt_ == 0 || rtt < min_rtt_) min_rtt_ = rtt;
  if (found_ || !in_slow_start()) return;
  if (!hystart_.on_ack(sample, cwnd(), mss(), min_rtt_)) return;
  found_ = true;
  set_ssthresh(cwnd());
}

void Cubic::avoid_congestion(std::uint32_t acked, Ticks now) {
  follow_curve(acked, now);
  // Bytes left over from a time of slower growth count for one segment only.
  const std::uint64_t enough = std::uint64_t{stage_->per_growth} * mss();
  std::uint64_t counted = acked_since_growth_, growth = 0;
  if (counted >= enough) counted = 0, growth = 1;
  counted += acked;
  growth += counted / enough;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  acked_since_growth_ = static_cast<std::uint32_t>(std::min(counted % enough, kMost));
  if (growth > 0) set_cwnd(cwnd() + growth * mss());
}

void Cubic::follow_curve(std::uint32_t acked, Ticks now) {
  constexpr Ticks kPatience = kTicksASecond / 32;
  if (!stage_) stage_ = std::make_unique<Stage>();
  stage_->acked_for_reno += acked;
  const std::uint32_t cwnd = segments();
  if (cwnd == stage_->followed_cwnd && now - stage_->followed_at <= kPatience) return;
  if (!in_epoch_ || now != stage_->followed_at) {
    stage_->followed_cwnd = cwnd;
    stage_->followed_at = now;
    if (!in_epoch_) {
      in_epoch_ = true;
      stage_->epoch = now;
      stage_->acked_for_reno = acked;
      stage_->w_est = cwnd;
      stage_->curve = CubicCurve(w_max_, cwnd);
    }
    stage_->per_growth = per_growth_by_curve(now);
  }
  be_no_slower_than_reno();
}

// RFC 9438 §4.2: in the next round trip the window is to become that of the curve at its end, so each acknowledged
// segment adds (target - cwnd) / cwnd.
std::uint32_t Cubic::per_growth_by_curve(Ticks now) const {
  const auto ahead = std::chrono::ceil<Tick>(std::chrono::microseconds(min_rtt_)).count();
  const std::uint64_t t =
      (now - stage_->epoch + static_cast<std::uint64_t>(ahead)) * CubicCurve::kSecond / kTicksASecond;
  const std::uint32_t target = stage_->curve.at(t), cwnd = stage_->followed_cwnd;
  const std::uint32_t per_growth = target > cwnd ? cwnd / (target - cwnd) : 100 * cwnd;
  return w_max_ == 0 ? std::min(per_growth, kMostBeforeLosses) : per_growth;
}

// RFC 9438 §4.3: Reno with this beta adds alpha = 3 (1 - beta) / (1 + beta) segments a window to be as fast as with a
// half and one. 1 / alpha is taken as 15 / 8. DEVIATION: it stays so above the last maximum, as in Linux.
void Cubic::be_no_slower_than_reno() {
  const std::uint32_t cwnd = segments();
  const std::uint64_t per_segment = std::uint64_t{cwnd} * 15 / 8 * mss();
  if (stage_->acked_for_reno > per_segment) {
    const std::uint64_t more = (stage_->acked_for_reno - 1) / per_segment;
    stage_->acked_for_reno -= static_cast<std::uint32_t>(more * per_segment);
    stage_->w_est += static_cast<std::uint32_t>(more);
  }
  if (stage_->w_est > cwnd) stage_->per_growth = std::min(stage_->per_growth, cwnd / (stage_->w_est - cwnd));
  stage_->per_growth = std::max(stage_->per_growth, 2u);  // never more than half a window a round trip
}

// RFC 9438 §4.6. DEVIATION: the reduction is relative to cwnd, not to FlightSize, as in Linux. An unused cwnd does not
// grow.
void Cubic::reduce() {
  const std::uint64_t cwnd = segments();
  in_epoch_ = false;
  acked_since_growth_ = 0;
  // RFC 9438 §4.7: a flow that loses data below its last maximum leaves room for new flows (fast convergence).
  w_max_ = static_cast<std::uint32_t>(cwnd < w_max_ ? cwnd * (kUnit + kBeta) / (2 * kUnit) : cwnd);
  set_ssthresh(static_cast<std::uint32_t>(cwnd * kBeta / kUnit * mss()));
}

void Cubic::on_loss_detected(std::uint32_t, Instant) {
  reduce();
  set_cwnd(ssthresh());
}

// RFC 9438 §4.8: the next stage of congestion avoidance begins at its plateau, wherever slow start ends.
void Cubic::on_timeout(const TimeOut& time_out) {
  if (time_out.first) reduce();
  in_epoch_ = false;
  found_ = false;
  acked_since_growth_ = w_max_ = min_rtt_ = 0;
  if (stage_) stage_->followed_cwnd = 0;
  hystart_.begin_round(time_out.nxt, to_micros(time_out.now.time_since_epoch()));
  set_cwnd(std::uint64_t{time_out.in_flight} + mss());  // the loss window
}

// RFC 9438 §4.2, §5.8: idle time does not count for the curve, because it did not test the window.
void Cubic::on_flight_begins(const Pause& pause) {
  if (stage_) {
    const Ticks now = ticks_of(pause.now);
    stage_->epoch += std::min(now - ticks_of(pause.now - pause.since_sent), now - stage_->epoch);
  }
  LossBased::on_flight_begins(pause);
}

}  // namespace leat
