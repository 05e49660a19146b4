// Subject: what is under test, as the player sees it: a TCP/IP stack behind a wire that carries IP packets, and its
// system calls. Leat in virtual time is one (src/drill_leat), the kernel in real time another
// (tools/drill-kernel).
//
// Times count from the start. Whatever takes a time returns at it or later; in virtual time exactly at it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "drill/system_call.h"
#include "leat/time.h"

namespace leat::drill {

enum class Feature : std::uint8_t;  // features.h

struct SentPacket {
  Duration time{};
  std::vector<std::uint8_t> bytes;  ///< from the IP header on
};

/// A setting by its sysctl name: net.ipv4.tcp_sack = 1.
struct Knob {
  std::string name;
  std::string value;
  bool is_optional = false;  ///< from an init script: one that cannot be set is passed over with a note
};

constexpr auto kLongestCall = std::chrono::seconds(2);

class Subject {
 public:
  Subject() = default;
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  virtual ~Subject() = default;

  /// Before the clock starts, or later. Nothing, or why it cannot be set: the script is skipped then.
  virtual std::optional<std::string> set(const Knob& knob) = 0;
  /// Any other command of a script: its exit status, or nothing when this subject runs none.
  virtual std::optional<int> run_command(const std::string& command) = 0;
  /// True where run_command() runs commands.
  virtual bool has_shell() const = 0;
  /// The clock starts: now() is 0.
  virtual void start() = 0;

  virtual Duration now() = 0;
  /// Lets time pass.
  virtual void advance_to(Duration time) = 0;
  virtual void inject(Bytes packet) = 0;
  /// The next packet that left the stack; waits until `deadline` for one.
  virtual std::optional<SentPacket> next_sent(Duration deadline) = 0;

  /// Whether this subject has a feature: a script that uses one that is lacking is skipped.
  virtual bool has(Feature feature) const = 0;
  /// Why this subject can never make such a call, if so: the script is skipped then.
  virtual std::optional<std::string> lack(const SystemCall& call) = 0;
  /// Makes a call and waits for it; one that takes longer than kLongestCall is interrupted by a signal.
  virtual void call(SystemCall& call) = 0;
  /// Begins a call that may block; one at a time. Returns when it waits or is done.
  virtual void begin(SystemCall& call) = 0;
  /// Whether the call that was begun is over by `deadline`; waits for it.
  virtual bool finish(Duration deadline) = 0;
  /// Nobody waits for the call that was begun any more: afterwards the subject does not touch it.
  virtual void abandon() = 0;
};

}  // namespace leat::drill
