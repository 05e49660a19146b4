// Opens a TAP interface, and makes it if it does not exist.
#pragma once

#include <string>

namespace leat::path_limit {

int attach_tap(const std::string& interface, bool virtio_headers);

}  // namespace leat::path_limit
