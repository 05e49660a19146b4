// The player: plays a script against a subject and returns a verdict. Called by `leat drill` and by drill-kernel.
//
// It knows nothing of the stack under test: the same rules hold for a stack in virtual time and the kernel in real
// time.
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
  /// Judge as packetdrill does: not transport checksums, TSecr, and segments that are left at the end.
  bool lenient = false;
  bool verbose = false;
  /// Sees every packet, both ways (for a capture).
  std::function<void(Direction, Duration, Bytes)> tap{};
  /// Runs the code of scripts. Null: an interpreter that ends with the script.
  Interpreters* interpreters = nullptr;
};

struct Verdict {
  enum class Kind : std::uint8_t { passed, failed, skipped };
  Kind kind = Kind::passed;
  std::string message{};   ///< of a failure: "file:line: …" and the story; of a skip: the reason
  std::string warnings{};  ///< of --non_fatal
  int line = 0;            ///< of a failure; 0: of none
  /// Parts of init scripts that were passed over.
  std::vector<std::string> notes{};
};

/// Never throws. The subject is used up.
Verdict play(const Script& script, Subject& subject, const PlayOptions& options);

}  // namespace leat::drill
