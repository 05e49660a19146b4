// KernelSubject: the kernel's TCP as a subject, for a second opinion on scripts: its sockets, and a TUN device at whose
// other end the script sits, in a network namespace of the calling process. In real time.
#pragma once

#include <memory>
#include <string>

#include "drill/settings.h"
#include "drill/subject.h"
#include "leat/expected.h"

namespace leat::drill {

/// Moves the calling process (which must have one thread) into a network namespace of its own and sets the interface
/// up. The error says what is missing and what would help.
expected<std::unique_ptr<Subject>, std::string> make_kernel_subject(const Settings& settings);

}  // namespace leat::drill
