// Checks a HostConfig and turns it into what a worker needs. Every complaint says what to do about it.
#pragma once

#include "leat/host.h"
#include "runtime/worker.h"

namespace leat {

/// What can be said before any device is opened.
expected<void, HostError> check_config(const HostConfig& config);

/// Opens the device, in the network namespace of the calling thread. The configuration was checked.
expected<WorkerLink, HostError> open_link(const HostConfig& config);

}  // namespace leat
