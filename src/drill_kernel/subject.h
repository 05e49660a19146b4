// KernelSubject: the kernel's TCP as a subject in real time, for a second opinion on scripts: its sockets, and a TUN
// device with the script at its other end, in a network namespace of the calling process.
#pragma once

#include <memory>
#include <string>

#include "drill/settings.h"
#include "drill/subject.h"
#include "leat/expected.h"

namespace leat::drill {

/// Moves the calling process (which must have one thread) into a network namespace of its own and sets the interface
/// up. The error names what is missing and what would help.
expected<std::unique_ptr<Subject>, std::string> make_kernel_subject(const Settings& settings);

}  // namespace leat::drill
