// Checks a HostConfig and turns it into what a worker needs. Every complaint says what to do about it.
#pragma once

#include <vector>

#include "leat/host.h"
#include "runtime/worker.h"

namespace leat {

/// What can be said before any device is opened.
expected<void, HostError> check_config(const HostConfig& config);

/// Opens the device, in the network namespace of the calling thread. The configuration was checked.
expected<WorkerLink, HostError> open_link(const HostConfig& config);
/// One for each core, all on the same link.
expected<std::vector<WorkerLink>, HostError> open_links(const HostConfig& config, unsigned cores);

}  // namespace leat
