// An AF_PACKET socket on one interface, with large buffers, that does not see what this host sends.
#pragma once

#include <string>

namespace leat::path_limit {

int packet_socket(const std::string& interface, bool virtio_headers);

}  // namespace leat::path_limit
