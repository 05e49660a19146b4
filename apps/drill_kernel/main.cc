// drill-kernel: plays scripts of `leat drill` against the Linux kernel, for a second opinion.
//
//   drill-kernel [-v] [--lenient] [--jobs=N] [-D SYM=val] [--OPTION=value]… FILE.pkt|DIR…
//
// Options are those of scripts (docs/drill.md). Ends with 0 when no script failed, 1 when one did, 2 for a bad command
// line. Each script has a process and a network namespace of its own.
#include <cstdio>
#include <string>
#include <vector>

#include "drill/arguments.h"
#include "drill/parser.h"
#include "drill/player.h"
#include "drill/suite.h"
#include "drill_kernel/subject.h"

int main(int argc, char** argv) {
  using namespace leat::drill;
  auto arguments = read_arguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments) {
    std::fprintf(stderr, "drill-kernel: %s\n", arguments.error().c_str());
    return 2;
  }
  arguments->most_per_process = 1;
  return run_suite(*arguments, [](const Script& script, const PlayOptions& options) {
    auto subject = make_kernel_subject(script.settings);
    if (!subject) return Verdict{Verdict::Kind::skipped, subject.error(), {}};
    return play(script, **subject, options);
  });
}
