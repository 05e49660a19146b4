#include "drill/parser.h"

#include "drill/call_table.h"
#include "drill/cursor.h"
#include "drill/parse_packet.h"
#include "drill/source_text.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

constexpr std::size_t kMostEvents = 100'000;

void parse_options(Cursor& in, Settings& settings) {
  while (in.peek_is("--")) {
    OptionText option;
    option.line = in.line();
    in.accept("--");
    option.name = in.run_of([](char c) { return is_word(c) || c == '-'; });
    if (option.name.empty()) in.fail_wanting("the name of an option");
    if (in.accept("=")) {
      if (in.peek() == '"') option.value = concat("\"", in.quoted(), "\"");
      else option.value = in.run_of([](char c) { return !is_space(c); });
      if (option.name == "define" && option.value.find('"') != std::string::npos &&
          option.value.find('"') == option.value.rfind('"')) {
        option.value += in.up_to("\"", "this value") + "\"";
      }
    }
    if (const auto trouble = settings.apply(option)) in.fail_at(option.line, concat("--", option.name, ": ", *trouble));
  }
}

EventTime parse_time(Cursor& in) {
  using Kind = EventTime::Kind;
  EventTime time;
  if (in.accept("*")) {
    time.kind = Kind::any;
    return time;
  }
  const bool relative = in.accept("+");
  time.kind = relative ? Kind::relative : Kind::absolute;
  time.at = in.seconds("the time of an event, as 0.5, +.1, +.1~+.2 or *,");
  if (!in.accept("~")) return time;
  if (relative != in.accept("+")) in.fail("both ends of a window are relative, or none");
  time.kind = relative ? Kind::relative_window : Kind::window;
  time.until = in.seconds("the end of a window");
  if (time.until < time.at) in.fail("this window ends before it begins");
  return time;
}

void parse_result(Cursor& in, CallEvent& call) {
  in.expect("=");
  call.result = parse_value(in);
  if (!call.result.is(Value::Kind::integer) && !call.result.is(Value::Kind::ellipsis)) {
    in.fail_at(call.result.line, "the result of a call is a number");
  }
  if (in.peek_word().starts_with("E")) {
    const int line = in.line();
    const std::string name(in.peek_word());
    call.error = static_cast<int>(parse_number(in));
    if (call.result.number != -1) in.fail_at(line, concat("an errno (", name, ") comes with the result -1 only"));
  }
  in.skip_note();
  in.skip_note();
}

CallEvent parse_call(Cursor& in) {
  CallEvent call;
  const int line = in.line();
  call.name = in.word("a packet (< or >), a system call, a `command` or %{ code }%");
  const CallRow* row = find_call(call.name);
  if (row == nullptr) {
    if (is_unsupported_call(call.name)) in.unsupported_at(line, concat("the call ", call.name));
    in.fail_at(line, concat("unknown system call \"", call.name, "\""));
  }
  in.expect("(");
  while (!in.accept(")")) {
    call.arguments.push_back(parse_value(in));
    if (!in.peek_is(")")) in.expect(",");
  }
  const std::size_t count = call.arguments.size();
  const std::size_t least = row->fewest_arguments(), most = row->most_arguments();
  if (count < least || count > most) {
    in.fail_at(line, concat(call.name, " takes ", least, most > least ? concat(" to ", most) : std::string(),
                            " arguments, not ", count));
  }
  parse_result(in, call);
  return call;
}

/// The time behind the dots of 0...0.2 call(…).
std::optional<Duration> parse_end(Cursor& in, const EventTime& time) {
  if (!in.accept("...")) return std::nullopt;
  using Kind = EventTime::Kind;
  if (time.kind != Kind::absolute && time.kind != Kind::relative) in.fail("a blocking call starts at one time");
  in.accept("+");
  const Duration end = in.seconds("the time at which the call returns");
  if (end < time.at) in.fail("this call would return before it starts");
  return end;
}

Event parse_event(Cursor& in, const Settings& settings) {
  Event event;
  event.line = in.line();
  event.time = parse_time(in);
  const auto end = parse_end(in, event.time);
  if (in.peek() == '<' || in.peek() == '>') {
    event.what = parse_packet(in, settings);
  } else if (in.accept("`")) {
    event.what = CommandEvent{in.up_to("`", "this command")};
  } else if (in.accept("%{")) {
    event.what = CodeEvent{in.up_to("}%", "this code")};
  } else {
    event.what = parse_call(in);
  }
  if (auto* call = std::get_if<CallEvent>(&event.what)) call->end = end;
  else if (end) in.fail_at(event.line, "only a system call has a time at which it returns");
  const auto* packet = std::get_if<PacketForm>(&event.what);
  const bool flexible = event.time.kind != EventTime::Kind::absolute && event.time.kind != EventTime::Kind::relative;
  if (flexible && (packet == nullptr || packet->direction == Direction::in)) {
    in.fail_at(event.line, "windows and * are for packets from the stack only");
  }
  return event;
}

void check_order(Cursor& in, const Script& script, const Event& event) {
  using Kind = EventTime::Kind;
  const auto is_absolute = [](const Event& e) { return e.time.kind == Kind::absolute || e.time.kind == Kind::window; };
  if (script.events.empty()) {
    if (event.time.kind != Kind::any && event.time.at != Duration::zero()) {
      in.fail_at(event.line, "the first event must be at time 0");
    }
    return;
  }
  if (!is_absolute(event)) return;
  for (auto earlier = script.events.rbegin(); earlier != script.events.rend(); ++earlier) {
    if (!is_absolute(*earlier)) continue;
    if (event.time.at < earlier->time.at) {
      in.fail_at(event.line, concat("time goes backwards: line ", earlier->line, " is later"));
    }
    return;
  }
}

void parse_events(Cursor& in, Script& script) {
  while (in.accept("`")) script.init_commands.push_back(in.up_to("`", "this command"));
  while (!in.at_end()) {
    if (in.accept("`")) {
      if (script.events.empty()) in.fail("a script needs an event");
      script.cleanup_command = in.up_to("`", "this command");
      if (!in.at_end()) in.fail("nothing may follow the command that cleans up; an event begins with its time");
      break;
    }
    Event event = parse_event(in, script.settings);
    check_order(in, script, event);
    if (script.events.size() == kMostEvents) in.fail("too many events");
    script.events.push_back(std::move(event));
  }
  if (script.events.empty()) in.fail("a script needs an event");
}

}  // namespace

expected<Script, ScriptError> parse_script(const std::string& file, const std::string& text,
                                           const std::vector<OptionText>& command_line) {
  Script script;
  script.file = file;
  const std::string plain = without_comments(text);
  try {
    Cursor options(file, plain);
    // Defines replace words behind the options only, since the name of an option is no symbol.
    parse_options(options, script.settings);
    const std::size_t begin = options.offset();
    for (const OptionText& option : command_line) {
      if (auto trouble = script.settings.apply(option)) {
        return unexpected(ScriptError{"command line", 1, concat("--", option.name, ": ", *trouble)});
      }
    }
    if (auto trouble = script.settings.contradiction()) return unexpected(ScriptError{file, 1, *trouble});
    std::string rest = plain.substr(0, begin);
    for (char& c : rest) c = c == '\n' ? '\n' : ' ';
    Cursor in(file, rest + with_defines(plain.substr(begin), script.settings.defines));
    parse_events(in, script);
  } catch (ScriptError& error) {
    return unexpected(std::move(error));
  } catch (const UnsupportedInScript& found) {
    if (script.settings.unsupported.empty()) {
      script.settings.unsupported = concat("line ", found.line, ": ", found.what);
    }
  }
  return script;
}

}  // namespace leat::drill
