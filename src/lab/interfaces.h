// Changes interfaces of the lab by system calls. All functions act on the caller's network namespace and return 0 or an
// errno.
#pragma once

namespace leat::lab {

/// Makes a persistent TAP or TUN device with one queue or several. A program attaches to it by name later. The device
/// ends with its namespace.
int make_tap_device(const char* name, bool several_queues);
int make_tun_device(const char* name, bool several_queues);

/// Works as `ethtool -K NAME tso … gso … gro …`.
int set_segmentation_offloads(const char* name, bool on);

}  // namespace leat::lab
