// The player: plays a script against a subject and says how it went. Called by `leat drill` and by drill-kernel.
//
// It is a stranger to what is under test: the same rules for a stack in virtual time and for the kernel in real time.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "drill/interpreter.h"
#include "drill/script.h"
#include "drill/subject.h"

namespace leat::drill {

struct PlayOptions {
  /// As the original sees it: blind for transport checksums, TSecr, and segments that nobody asked for at the end.
  bool lenient = false;
  bool verbose = false;
  /// Sees every packet, both ways (for a capture).
  std::function<void(Direction, Duration, Bytes)> tap{};
  /// What runs the code of scripts; null: one that ends with the script.
  Interpreters* interpreters = nullptr;
};

struct Verdict {
  enum class Kind : std::uint8_t { passed, failed, skipped };
  Kind kind = Kind::passed;
  std::string message{};   ///< of a failure: "file:line: …" and the story; of a skip: the reason
  std::string warnings{};  ///< of --non_fatal
  int line = 0;            ///< of a failure; 0: of none
  /// What an init script holds that was passed over.
  std::vector<std::string> notes{};
};

/// Never throws. The subject is used up.
Verdict play(const Script& script, Subject& subject, const PlayOptions& options);

}  // namespace leat::drill
