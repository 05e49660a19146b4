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
#include "drill/commands.h"
#include "drill/features.h"
#include "drill/leftovers.h"
#include "drill/packet_maker.h"
#include "drill/packet_matcher.h"
#include "drill/packet_text.h"
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

/// A call that has begun and has not returned yet.
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

/// The feature that the subject lacks, where the errno of a call says so and the script expects another result.
std::optional<std::string> lack_told_by(const CallEvent& form, const SystemCall& call) {
  const bool is_expected = form.error ? *form.error == call.error : form.result.number == call.result;
  if (call.result >= 0 || is_expected || form.result.is(Value::Kind::ellipsis)) return std::nullopt;
  const auto name = [&](std::size_t i) { return form.arguments.size() > i ? form.arguments[i].text : std::string(); };
  const bool wants_success = form.result.number >= 0;
  if (call.error == ENOPROTOOPT) {
    const std::string_view feature = feature_of_option(name(2));
    return concat("there is no socket option ", name(2), feature.empty() ? "" : concat(" (", feature, ")"));
  }
  if (call.error == ENOENT && wants_success && name(2) == "TCP_CONGESTION") {
    return concat("there is no congestion control \"", name(3), "\"");
  }
  const bool is_request = call.name == CallName::ioctl || call.name == CallName::fcntl;
  if (is_request && wants_success && (call.error == ENOTTY || call.error == EINVAL)) {
    return concat("there is no ", form.name, " request ", name(1));
  }
  if (call.error == EOPNOTSUPP) return concat(form.name, " is not supported with these arguments");
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

  void check_features() const;
  void run_command(int line, const std::string& command);
  void set_knobs(int line, const ReadCommand& read);
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
  std::vector<std::string> notes_;
  Duration previous_{};            ///< when the last event was over
  Duration previous_scheduled_{};  ///< when it should have been
  bool previous_was_inbound_ = false;
  bool has_started_ = false;
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
  complain(line, expected_and_got(concat("time at which ", what), wanted, seconds_text(got)), true);
}

/// Takes the packets that have left the stack so far.
void Player::collect() {
  while (auto sent = subject_.next_sent(subject_.now())) {
    if (options_.tap) options_.tap(Direction::out, sent->time, sent->bytes);
    const Duration time = sent->time;
    story_.add(time, "> " + wire_.add(std::move(*sent)));
  }
}

void Player::set_knobs(int line, const ReadCommand& read) {
  if (!read.trouble.empty()) throw Failed{line, read.trouble};
  notes_.insert(notes_.end(), read.notes.begin(), read.notes.end());
  for (const Knob& knob : read.knobs) {
    const auto trouble = subject_.set(knob);
    if (!trouble) continue;
    const std::string what = concat(knob.name, " = ", knob.value, ": ", *trouble);
    if (!knob.is_optional) throw Skipped{concat("line ", line, ": ", what)};
    notes_.push_back("of an init script: " + what);
  }
}

void Player::run_command(int line, const std::string& command) {
  const ReadCommand read = read_command(command);
  const bool sysctls_only = read.shell.empty() && std::all_of(read.knobs.begin(), read.knobs.end(),
                                                              [](const auto& k) { return k.name.starts_with("net."); });
  if (!sysctls_only && subject_.has_shell()) {
    const int status = *subject_.run_command(command);
    const std::string shown = command.substr(0, command.find('\n'));
    if (status != 0) throw Failed{line, concat("the command ended with ", status, ": ", shown)};
    return;
  }
  if (!read.shell.empty()) throw Skipped{concat("line ", line, " runs a command: ", read.shell[0])};
  set_knobs(line, read);
  if (read.pause > Duration::zero() && has_started_) subject_.advance_to(subject_.now() + read.pause);
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
  const auto unknown = variables.empty() ? std::nullopt : variable_wanted(code, variables);
  if (unknown) {
    const std::string_view option = unknown->starts_with("tcpi_") ? "TCP_INFO" : "TCP_CC_INFO";
    throw Skipped{concat("line ", line, ": ", option, " does not tell ", *unknown, " here")};
  }
  code_.add(line, variables, code);
}

void Player::send_packet(const Event& event, const PacketForm& form, Duration expected) {
  subject_.advance_to(expected);
  check_time(event.line, "this packet is injected", expected, subject_.now(), expected);
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
  Flow* flow = wire_.flow_for(form);
  if (flow == nullptr) throw Failed{event.line, "there is no connection that this packet could belong to"};
  auto packet = next_packet(form, *flow, deadline);
  if (!packet) {
    complain(event.line,
             expected_and_got("a packet is missing",
                              concat(kind == Kind::any ? "at any time" : seconds_text(from), " ", to_string(form)),
                              "no packet"),
             true);
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
    complain(event.line,
             concat(*difference, "\n    script    ", to_string(form), "\n    stack     > ", flow->describe(*packet)),
             true);
  }
  if (kind != Kind::any) check_time(event.line, "this packet leaves", from, packet->time, until);
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
             expected_and_got(concat("time at which ", flight.event->name, " returns"), seconds_text(flight.end),
                              seconds_text(flight.call->finished)),
             false);
  }
}

void Player::run_call(const Event& event, const CallEvent& form, Duration expected, Duration base) {
  subject_.advance_to(expected);
  collect();
  join(expected + kCallPatience);
  check_time(event.line, "this call is made", expected, subject_.now(), expected);
  if (std::any_of(form.arguments.begin(), form.arguments.end(), [](const auto& a) { return mentions(a, "scm_sec"); })) {
    throw Skipped{concat("line ", event.line, ": times in control messages (scm_sec) are not judged")};
  }
  auto call = std::make_unique<SystemCall>();
  if (const auto trouble = make_call(form, settings_, descriptors_, *call)) throw Failed{event.line, *trouble};
  if (const auto lack = subject_.lack(*call)) throw Skipped{concat("line ", event.line, ": ", *lack)};
  // A connection's first segment may leave before connect() returns, so its flow is made before.
  const auto use = feature_of(event);
  const bool sends_syn = use && use->feature == Feature::fast_open;
  const bool connects = sends_syn || (call->name == CallName::connect && call->address.ss_family != AF_UNSPEC);
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
  if (const auto lack = lack_told_by(form, *call)) throw Skipped{concat("line ", event.line, ": ", *lack)};
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
  // Delays from one inbound packet to the next do not add up.
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

/// A script that uses what the subject lacks is not begun.
void Player::check_features() const {
  if (!settings_.unsupported.empty()) throw Skipped{settings_.unsupported};
  if (settings_.sockets_are_v6() && !subject_.has(Feature::ipv6)) {
    throw Skipped{concat(feature_name(Feature::ipv6),
                         " (--ip_version=", settings_.wire_is_v6() ? "ipv6" : "ipv4-mapped-ipv6", ")")};
  }
  for (const Event& event : script_.events) {
    const auto use = feature_of(event);
    if (!use || subject_.has(use->feature)) continue;
    throw Skipped{concat("line ", use->line, ": ", feature_name(use->feature), " (", use->by, ")")};
  }
}

void Player::prepare() {
  check_features();
  for (std::string_view files = settings_.init_scripts; !files.empty();) {
    const std::string_view file = files.substr(0, files.find(','));
    if (!file.empty()) set_knobs(1, read_init_script(std::string(file)));
    files.remove_prefix(std::min(file.size() + 1, files.size()));
  }
  for (const std::string& command : script_.init_commands) run_command(1, command);
  subject_.start();
  has_started_ = true;
}

void Player::run_events() {
  for (const Event& event : script_.events) run_event(event);
  join(subject_.now() + kCallPatience);
  collect();
  const auto leftovers = wire_.leftovers();
  if (!leftovers.empty() && !options_.lenient) throw Failed{script_.events.back().line, leftovers_text(leftovers)};
}

void Player::judge_code() {
  if (code_.empty()) return;
  Interpreters own;
  Interpreters& interpreters = options_.interpreters != nullptr ? *options_.interpreters : own;
  const auto trouble = code_.run(script_.file, interpreters.of(settings_.code_command));
  if (trouble) throw Failed{script_.events.back().line, *trouble};
}

/// Closes all that is open and resets its peers, so that the next script finds nothing.
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
  if (!script_.cleanup_command || !subject_.has_shell()) return;
  const ReadCommand read = read_command(*script_.cleanup_command);
  if (!read.shell.empty() || !read.knobs.empty()) {
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
    verdict.kind = Verdict::Kind::failed, verdict.line = failed.line;
    verdict.message = concat(script_.file, ":", failed.line, ": ", failed.message, "\n", story_.text());
  } catch (const Skipped& skipped) {
    verdict.kind = Verdict::Kind::skipped, verdict.message = skipped.reason;
  }
  if (in_flight_.event != nullptr) subject_.abandon();
  clean_up();
  verdict.warnings = std::move(warnings_), verdict.notes = std::move(notes_);
  return verdict;
}

}  // namespace

Verdict play(const Script& script, Subject& subject, const PlayOptions& options) {
  return Player(script, subject, options).play();
}

}  // namespace leat::drill
