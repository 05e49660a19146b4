// LeatSubject: a Stack and its Sockets as a subject, in virtual time: no device, no thread, no clock. A minute of a
// script is over as soon as the work in it is.
#pragma once

#include <memory>
#include <string>

#include "drill/settings.h"
#include "drill/subject.h"
#include "leat/expected.h"

namespace leat::drill {

/// The error says what Leat lacks for these settings (an IP version); the script is to be skipped then.
expected<std::unique_ptr<Subject>, std::string> make_leat_subject(const Settings& settings);

}  // namespace leat::drill
