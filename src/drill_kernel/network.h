// The network of a script that the kernel plays: a namespace with one TUN device.
#pragma once

#include <string>

#include "drill/settings.h"
#include "leat/expected.h"

namespace leat::drill {

/// Returns the TUN device's descriptor, non-blocking, with addresses and routes set.
expected<int, std::string> make_kernel_network(const Settings& settings);

/// Writes below /proc/sys. Returns false when the kernel refuses.
bool write_sysctl(const std::string& name, const std::string& value);

}  // namespace leat::drill
