// Subject: the stack under test, as the player sees it: a TCP/IP stack behind a wire that carries IP packets, and its
// system calls. Leat in virtual time is one (src/drill_leat), and the kernel in real time is another
// (src/drill_kernel).
//
// Times count from the start. A function that takes a time returns at this time or later, in virtual time exactly then.
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

  /// Sets a knob, before the clock starts or later. Returns nothing, or the reason why it cannot be set, and the script
  /// is skipped.
  virtual std::optional<std::string> set(const Knob& knob) = 0;
  /// Runs any other command of a script. Returns its exit status, or nothing when this subject runs no commands.
  virtual std::optional<int> run_command(const std::string& command) = 0;
  /// True where run_command() runs commands.
  virtual bool has_shell() const = 0;
  /// Starts the clock, so that now() is 0.
  virtual void start() = 0;

  virtual Duration now() = 0;
  /// Lets time pass.
  virtual void advance_to(Duration time) = 0;
  virtual void inject(Bytes packet) = 0;
  /// The next packet that has left the stack. Waits for one until `deadline`.
  virtual std::optional<SentPacket> next_sent(Duration deadline) = 0;

  /// True when this subject has a feature. A script that uses another one is skipped.
  virtual bool has(Feature feature) const = 0;
  /// The reason why this subject can never make such a call, if there is one. The script is skipped then.
  virtual std::optional<std::string> lack(const SystemCall& call) = 0;
  /// Makes a call and waits for it. A call that takes longer than kLongestCall is interrupted by a signal.
  virtual void call(SystemCall& call) = 0;
  /// Begins a call that may block, one at a time. Returns when the call waits or is done.
  virtual void begin(SystemCall& call) = 0;
  /// Waits for the call that was begun, until `deadline`. True when it is over.
  virtual bool finish(Duration deadline) = 0;
  /// Gives up the call that was begun. Afterwards the subject does not touch it.
  virtual void abandon() = 0;
};

}  // namespace leat::drill
