// Loopback: the link of a host to itself. Sent packets arrive on the same thread, moved and not copied. They cross no
// wire, so super-segments stay whole and checksums partial.
#pragma once

#include <memory>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// Errors: `system` when the process has no descriptors left.
expected<std::unique_ptr<Device>, DeviceError> open_loopback();

}  // namespace leat
