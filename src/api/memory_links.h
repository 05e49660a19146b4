// The links "memory:NAME" of this process, by name.
#pragma once

#include <memory>
#include <string>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// Takes an end of the link of this name. The link lives as long as one of its ends. May be called from any thread.
expected<std::unique_ptr<Device>, DeviceError> open_memory_link(const std::string& name, const MacAddress& mac,
                                                                std::uint32_t mtu);

}  // namespace leat
