// LeatSubject: a Stack and its Sockets as a subject, in virtual time: no device, no thread, no clock. A minute of a
// script takes only as long as the work in it.
#pragma once

#include <memory>
#include <string>

#include "drill/player.h"
#include "drill/settings.h"
#include "drill/subject.h"
#include "leat/expected.h"

namespace leat::drill {

/// The error names what Leat lacks for these settings (an IP version). The script is to be skipped then.
expected<std::unique_ptr<Subject>, std::string> make_leat_subject(const Settings& settings);

/// Plays a script against a subject of its own. The script is skipped where Leat lacks something.
Verdict play_on_leat(const Script& script, const PlayOptions& options);

}  // namespace leat::drill
