// What every command with a host of its own begins with.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/host/host_options.h"
#include "leat/host.h"

namespace leat::command {

/// The hosts that a command stands on, one for each core. Told to `complain`: why there are none, and later what they
/// warn of.
std::optional<std::vector<Host>> open_hosts(const HostOptions& options,
                                            const std::function<void(const std::string&)>& complain,
                                            unsigned cores = 1);

}  // namespace leat::command
