#include "drill/player.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "drill/call_effects.h"
#include "drill/call_judge.h"
#include "drill/call_maker.h"
#include "drill/code_runner.h"
#include "drill/knobs.h"
#include "drill/packet_maker.h"
#include "drill/packet_matcher.h"
#include "drill/story.h"
#include "drill/symbols.h"
#include "drill/text.h"
#include "drill/wire_state.h"

namespace leat::drill {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);      // for a packet, beyond its time
constexpr Duration kCallPatience = std::chrono::seconds(1);  // for a call that blocks, before the next one
constexpr Duration kForever = std::chrono::hours(24);        // "*": as long as the stack has something to do

struct Failed {
  int line = 0;
  std::string message;
};
struct Skipped {
  std::string reason;
};

/// A call that was begun and is not over yet.
struct InFlight {
  const CallEvent* event = nullptr;
  int line = 0;
  Duration start{}, end{};
  std::unique_ptr<SystemCall> call;
};

bool mentions(const Value& value, std::string_view field) {
  const auto inside = [&](const Value& item) { return mentions(item, field); };
  return value.field(field) != nullptr || std::any_of(value.items.begin(), value.items.end(), inside) ||
         std::any_of(value.fields.begin(), value.fields.end(), [&](const auto& f) { return inside(f.value()); });
}

/// What a script asks for and no subject can have.
std::optional<std::string> unsupported_in(const CallEvent& form) {
  if (is_unsupported_call(form.name)) return concat("the call ", form.name);
  for (const Value& argument : form.arguments) {
    if (mentions(argument, "scm_sec")) return std::string("times in control messages (scm_sec) are not judged");
  }
  return std::nullopt;
}

class Player {
 public:
  Player(const Script& script, Subject& subject, const PlayOptions& options)
      : script_(script),
        settings_(script.settings),
        subject_(subject),
        options_(options),
        wire_(settings_),
        story_(options.verbose) {}

  Verdict play();

 private:
  void prepare();
  void run_events();
  void run_event(const Event& event);
  void clean_up();

  void run_command(int line, const std::string& command);
  void run_code(int line, const std::string& code);
  void judge_code();
  void send_packet(const Event& event, const PacketForm& form, Duration expected);
  void expect_packet(const Event& event, const PacketForm& form, Duration base);
  std::optional<IpPacket> next_packet(const PacketForm& form, const Flow& flow, Duration deadline);
  void run_call(const Event& event, const CallEvent& form, Duration expected, Duration base);
  void judge_call(const CallEvent& form, int line, SystemCall& call);
  void join(Duration deadline);
  void collect();
  bool find_option(int live_fd, int level, int name, SystemCall& call);

  void check_time(int line, std::string_view what, Duration expected, Duration got, Duration until);
  Duration tolerance(Duration span) const;
  void complain(int line, const std::string& message, bool is_packet);

  const Script& script_;
  const Settings& settings_;
  Subject& subject_;
  const PlayOptions& options_;
  WireState wire_;
  Story story_;
  Descriptors descriptors_;
  CodeRunner code_;
  InFlight in_flight_;
  std::string warnings_;
  Duration previous_{};            ///< when the last event was over
  Duration previous_scheduled_{};  ///< when it should have been
  bool previous_was_inbound_ = false;
};

Duration Player::tolerance(Duration span) const {
  const double part = static_cast<double>(std::max(span, Duration::zero()).count()) * settings_.tolerance_percent / 100;
  return std::max(settings_.tolerance, Duration(static_cast<Duration::rep>(part)));
}

void Player::complain(int line, const std::string& message, bool is_packet) {
  if (is_packet ? !settings_.packets_non_fatal : !settings_.calls_non_fatal) throw Failed{line, message};
  warnings_ += concat(script_.file, ":", line, ": warning: ", message, "\n");
}

void Player::check_time(int line, std::string_view what, Duration expected, Duration got, Duration until) {
  const Duration allowed = tolerance(until - previous_);
  if (got >= expected - allowed && got <= until + allowed) return;
  const std::string wanted =
      until == expected ? seconds_text(expected) : concat(seconds_text(expected), " to ", seconds_text(until));
  complain(line, concat(what, " at the wrong time: expected at ", wanted, ", came at ", seconds_text(got)), true);
}

/// Packets that have left the stack so far.
void Player::collect() {
  while (auto sent = subject_.next_sent(subject_.now())) {
    if (options_.tap) options_.tap(Direction::out, sent->time, sent->bytes);
    const Duration time = sent->time;
    story_.add(time, "> " + wire_.add(std::move(*sent)));
  }
}

void Player::run_command(int line, const std::string& command) {
  if (const auto knobs = knobs_of(command)) {
    for (const Knob& knob : *knobs) {
      if (const auto trouble = subject_.set(knob))
        throw Skipped{concat("line ", line, ": ", knob.name, " = ", knob.value, ": ", *trouble)};
    }
    return;
  }
  const auto status = subject_.run_command(command);
  std::string shown = command.substr(0, command.find('\n'));
  if (!status) throw Skipped{concat("line ", line, " runs a command: ", shown)};
  if (*status != 0) throw Failed{line, concat("the command ended with ", *status, ": ", shown)};
}

bool Player::find_option(int live_fd, int level, int name, SystemCall& call) {
  call.name = CallName::getsockopt;
  call.fd = live_fd;
  call.number = {level, name, 0, 0};
  call.option.resize(512);
  call.option_length = static_cast<socklen_t>(call.option.size());
  subject_.call(call);
  return call.result == 0;
}

void Player::run_code(int line, const std::string& code) {
  Variables variables;
  const Flow* flow = wire_.under_test();
  if (flow != nullptr && flow->live_fd >= 0) {
    SystemCall info, control, memory;
    if (find_option(flow->live_fd, IPPROTO_TCP, static_cast<int>(*symbol_value("TCP_INFO")), info)) {
      variables = tcp_info_variables(Bytes(info.option).first(info.option_length));
    }
    if (find_option(flow->live_fd, IPPROTO_TCP, static_cast<int>(*symbol_value("TCP_CC_INFO")), control)) {
      const Variables more = congestion_variables(Bytes(control.option).first(control.option_length));
      variables.insert(variables.end(), more.begin(), more.end());
    }
    if (find_option(flow->live_fd, SOL_SOCKET, static_cast<int>(*symbol_value("SO_MEMINFO")), memory)) {
      const Variables more = meminfo_variables(Bytes(memory.option).first(memory.option_length));
      variables.insert(variables.end(), more.begin(), more.end());
    }
  }
  if (const auto name = congestion_variable_wanted(code, variables)) {
    throw Skipped{concat("line ", line, ": TCP_CC_INFO does not tell ", *name, " here")};
  }
  code_.add(line, variables, code);
}

void Player::send_packet(const Event& event, const PacketForm& form, Duration expected) {
  subject_.advance_to(expected);
  check_time(event.line, "this packet is sent", expected, subject_.now(), expected);
  collect();
  Flow* flow = wire_.flow_for(form);
  if (flow == nullptr) throw Failed{event.line, "there is no connection that this packet could belong to"};
  const auto packet = make_packet(form, *flow, settings_);
  if (!packet) throw Failed{event.line, packet.error()};
  if (const auto seen = parse_ip_packet(*packet)) {
    Flow mirrored = *flow;
    std::swap(mirrored.ours, mirrored.peers);
    story_.add(subject_.now(), "< " + mirrored.describe(*seen));
  }
  if (options_.tap) options_.tap(Direction::in, subject_.now(), *packet);
  subject_.inject(*packet);
}

std::optional<IpPacket> Player::next_packet(const PacketForm& form, const Flow& flow, Duration deadline) {
  for (;;) {
    if (auto packet = wire_.take(form, flow)) return packet;
    auto sent = subject_.next_sent(deadline);
    if (!sent) return std::nullopt;
    if (options_.tap) options_.tap(Direction::out, sent->time, sent->bytes);
    const Duration time = sent->time;
    story_.add(time, "> " + wire_.add(std::move(*sent)));
  }
}

void Player::expect_packet(const Event& event, const PacketForm& form, Duration base) {
  using Kind = EventTime::Kind;
  const Kind kind = event.time.kind;
  const Duration from = event.time.is_relative() ? base + event.time.at : event.time.at;
  const bool window = kind == Kind::window || kind == Kind::relative_window;
  const Duration until = !window ? from : event.time.is_relative() ? base + event.time.until : event.time.until;
  const Duration deadline = kind == Kind::any ? base + kForever : std::max(until, base) + kPatience;
  if (!form.encapsulation.empty())
    throw Skipped{concat("line ", event.line, ": packets with other headers around them, from the stack")};
  Flow* flow = wire_.flow_for(form);
  if (flow == nullptr) throw Failed{event.line, "there is no connection that this packet could belong to"};
  auto packet = next_packet(form, *flow, deadline);
  if (!packet) {
    complain(event.line,
             concat("expected a packet at ", kind == Kind::any ? "any time" : seconds_text(from), ", got none"), true);
    return;
  }
  const std::size_t piece = packet->payload;
  const std::size_t wanted = form.tcp() != nullptr ? form.tcp()->length : 0;
  while (!settings_.strict_segments && piece > 0 && packet->payload < wanted) {
    const auto next = next_packet(form, *flow, std::max(deadline, base));
    if (!next) break;
    if (glue(*packet, *next, piece, wanted)) continue;
    wire_.put_back(*next, *flow);
    break;
  }
  if (const auto difference = mismatch(form, *packet, *flow, {&settings_, options_.lenient})) {
    complain(event.line, *difference, true);
  }
  if (kind != Kind::any) check_time(event.line, "this packet came", from, packet->time, until);
}

void Player::join(Duration deadline) {
  if (in_flight_.event == nullptr) return;
  if (!subject_.finish(std::max(deadline, in_flight_.end + kCallPatience))) {
    const InFlight& flight = in_flight_;
    throw Failed{flight.line,
                 concat(flight.event->name, " blocks still; it was to return at ", seconds_text(flight.end))};
  }
  const InFlight flight = std::move(in_flight_);
  in_flight_ = {};
  collect();
  judge_call(*flight.event, flight.line, *flight.call);
  const Duration allowed = tolerance(flight.end - flight.start);
  const Duration off = std::chrono::abs(flight.call->finished - flight.end);
  if (off > allowed) {
    complain(flight.line,
             concat(flight.event->name, " returned at the wrong time: expected at ", seconds_text(flight.end),
                    ", returned at ", seconds_text(flight.call->finished)),
             false);
  }
}

void Player::run_call(const Event& event, const CallEvent& form, Duration expected, Duration base) {
  subject_.advance_to(expected);
  collect();
  join(expected + kCallPatience);
  check_time(event.line, "this call is made", expected, subject_.now(), expected);
  if (const auto what = unsupported_in(form)) throw Skipped{concat("line ", event.line, ": ", *what)};
  auto call = std::make_unique<SystemCall>();
  if (const auto trouble = make_call(form, settings_, descriptors_, *call)) throw Failed{event.line, *trouble};
  if (const auto lack = subject_.lack(*call)) throw Skipped{concat("line ", event.line, ": ", *lack)};
  // A connection's first segment may leave before connect() returns, so its flow is made before.
  const bool connects = call->name == CallName::connect && call->address.ss_family != AF_UNSPEC;
  if (connects) wire_.on_connect(static_cast<int>(form.arguments[0].number));
  if (form.end) {
    const Duration end = event.time.is_relative() ? base + *form.end : *form.end;
    in_flight_ = {&form, event.line, subject_.now(), end, std::move(call)};
    story_.add(subject_.now(), form.name + " begins");
    subject_.begin(*in_flight_.call);
    return;
  }
  const Duration start = subject_.now();
  subject_.call(*call);
  if (call->error == EINTR && call->finished - start >= kLongestCall) {
    complain(event.line, concat(form.name, " blocks; a script says when such a call returns, as +0...0.2"), false);
  }
  const bool wants_success = form.result.is(Value::Kind::integer) && form.result.number >= 0;
  if (call->error == ENOPROTOOPT && wants_success) {
    throw Skipped{
        concat("line ", event.line, ": there is no socket option ", call->number[1], " of level ", call->number[0])};
  }
  judge_call(form, event.line, *call);
}

void Player::judge_call(const CallEvent& form, int line, SystemCall& call) {
  story_.add(call.finished, concat(form.name, " = ", result_text(call.result, call.error)));
  if (const auto difference = call_mismatch(form, call)) {
    collect();
    complain(line, *difference, false);
  }
  if (const auto note = call_row(call.name).note; note != nullptr && call.result >= 0) {
    note({form, call, wire_, descriptors_});
  }
}

void Player::run_event(const Event& event) {
  // From one inbound packet to the next, delays do not add up.
  const auto* packet = std::get_if<PacketForm>(&event.what);
  const bool inbound = packet != nullptr && packet->direction == Direction::in;
  const Duration now = subject_.now();
  const Duration base = inbound && previous_was_inbound_ ? previous_scheduled_ : now;
  const Duration expected = event.time.is_relative() ? base + event.time.at : event.time.at;
  if (packet != nullptr) {
    if (inbound) send_packet(event, *packet, expected);
    else expect_packet(event, *packet, now);
  } else if (const auto* call = std::get_if<CallEvent>(&event.what)) {
    run_call(event, *call, expected, now);
  } else {
    subject_.advance_to(expected);
    check_time(event.line, "this command is run", expected, subject_.now(), expected);
    if (const auto* command = std::get_if<CommandEvent>(&event.what)) run_command(event.line, command->command);
    if (const auto* code = std::get_if<CodeEvent>(&event.what)) run_code(event.line, code->code);
  }
  previous_ = subject_.now();
  previous_scheduled_ = expected;
  previous_was_inbound_ = inbound;
}

void Player::prepare() {
  if (!settings_.unsupported.empty()) throw Skipped{settings_.unsupported};
  for (const std::string& command : script_.init_commands) run_command(1, command);
  subject_.start();
}

void Player::run_events() {
  for (const Event& event : script_.events) run_event(event);
  join(subject_.now() + kCallPatience);
  collect();
  if (const WaitingPacket* stray = wire_.stray(); stray != nullptr && !options_.lenient) {
    throw Failed{script_.events.back().line,
                 concat("the script ends, and this segment was not expected: ", seconds_text(stray->packet.time), " > ",
                        stray->flow->describe(stray->packet), " (--lenient lets it pass)")};
  }
}

void Player::judge_code() {
  if (code_.empty()) return;
  Interpreters own;
  Interpreters& interpreters = options_.interpreters != nullptr ? *options_.interpreters : own;
  const auto trouble = code_.run(script_.file, interpreters.of(settings_.code_command));
  if (trouble) throw Failed{script_.events.back().line, *trouble};
}

/// Whatever is open is closed, and its peer is reset: the next script shall find nothing.
void Player::clean_up() {
  for (const auto& [script_fd, live_fd] : descriptors_) {
    SystemCall call;
    call.fd = live_fd;
    subject_.call(call);
  }
  descriptors_.clear();
  for (const auto& flow : wire_.flows()) {
    if (flow->protocol != kProtocolTcp || !flow->has_sent || flow->local.port == 0) continue;
    subject_.inject(make_reset(*flow));
  }
  if (script_.cleanup_command && !knobs_of(*script_.cleanup_command)) {
    static_cast<void>(subject_.run_command(*script_.cleanup_command));
  }
}

Verdict Player::play() {
  Verdict verdict;
  try {
    prepare();
    run_events();
    judge_code();
  } catch (const Failed& failed) {
    verdict = {Verdict::Kind::failed,
               concat(script_.file, ":", failed.line, ": ", failed.message, "\n", story_.text())};
  } catch (const Skipped& skipped) {
    verdict = {Verdict::Kind::skipped, skipped.reason};
  }
  if (in_flight_.event != nullptr) subject_.abandon();
  clean_up();
  verdict.warnings = std::move(warnings_);
  return verdict;
}

}  // namespace

Verdict play(const Script& script, Subject& subject, const PlayOptions& options) {
  return Player(script, subject, options).play();
}

}  // namespace leat::drill
