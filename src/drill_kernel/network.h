// The network of a script that the kernel plays: a namespace with one TUN device.
#pragma once

#include <string>

#include "drill/settings.h"
#include "leat/expected.h"

namespace leat::drill {

/// The TUN device's descriptor, non-blocking; addresses and routes are set.
expected<int, std::string> make_kernel_network(const Settings& settings);

/// Writes below /proc/sys; false when the kernel refuses.
bool write_sysctl(const std::string& name, const std::string& value);

}  // namespace leat::drill
