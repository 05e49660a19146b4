// The user's side of a TAP interface, which is made if there is none.
#pragma once

#include <string>

namespace leat::path_limit {

int attach_tap(const std::string& interface, bool virtio_headers);

}  // namespace leat::path_limit
