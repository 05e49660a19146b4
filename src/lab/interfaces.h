// What the lab asks of the kernel about interfaces without a program's help. All act on the caller's network
// namespace and return 0 or an errno.
#pragma once

namespace leat::lab {

/// Persistent devices, to which a program attaches by name later, with one queue or several. They go with their
/// namespace.
int make_tap_device(const char* name, bool several_queues);
int make_tun_device(const char* name, bool several_queues);

/// As `ethtool -K NAME tso … gso … gro …`.
int set_segmentation_offloads(const char* name, bool on);

}  // namespace leat::lab
