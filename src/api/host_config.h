// Checks a HostConfig and turns it into the configuration of a worker. Each error says what to do.
#pragma once

#include <vector>

#include "leat/host.h"
#include "runtime/worker.h"

namespace leat {

/// The checks that need no device.
expected<void, HostError> check_config(const HostConfig& config);

/// Opens the device in the network namespace of the calling thread. The configuration must have been checked.
expected<WorkerLink, HostError> open_link(const HostConfig& config);
/// Opens a device for each core, all on the same link.
expected<std::vector<WorkerLink>, HostError> open_links(const HostConfig& config, unsigned cores);

}  // namespace leat
