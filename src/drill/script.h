// Script: a parsed script, as it is written. parse_script() (parser.h) makes it, and the player (player.h) plays it.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "drill/packet_form.h"
#include "drill/settings.h"
#include "drill/value.h"
#include "leat/time.h"

namespace leat::drill {

/// The time of an event, which is its first token.
struct EventTime {
  enum class Kind : std::uint8_t {
    absolute,         ///< 1.5
    relative,         ///< +.1
    window,           ///< .1~.3
    relative_window,  ///< +.1~+.3
    any,              ///< *
  };
  Kind kind = Kind::absolute;
  Duration at{};
  Duration until{};  ///< of windows
  bool is_relative() const { return kind == Kind::relative || kind == Kind::relative_window; }
};

struct CallEvent {
  std::string name;
  std::vector<Value> arguments;
  Value result;
  std::optional<int> error;     ///< the errno that must come with -1
  std::optional<Duration> end;  ///< the return time of a blocking call, on the same base as the start
};

struct CommandEvent {
  std::string command;
};

struct CodeEvent {
  std::string code;
};

struct Event {
  int line = 0;
  EventTime time;
  std::variant<PacketForm, CallEvent, CommandEvent, CodeEvent> what;
};

struct Script {
  std::string file;
  Settings settings;
  std::vector<std::string> init_commands;
  std::vector<Event> events;
  std::optional<std::string> cleanup_command;
};

}  // namespace leat::drill
