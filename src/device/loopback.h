// Loopback: the link of a host to itself: what is sent arrives, on the same thread, moved and not copied. Nothing
// crosses a wire, so super-segments stay whole and checksums partial.
#pragma once

#include <memory>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// Errors: `system`, when there are no more descriptors.
expected<std::unique_ptr<Device>, DeviceError> open_loopback();

}  // namespace leat
