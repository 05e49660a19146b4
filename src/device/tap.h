// TAP and TUN: an interface of the kernel whose other side is this process. `tap` carries Ethernet frames, `tun`
// bare IP datagrams. With offloads, both have a virtio header, so that 64 kB super-segments and partial checksums pass
// in both directions without needless work. Several frames take one system call (io_batch.h).
//
// The kernel's side keeps the address and routes that the user or the lab gives it; only IFF_UP is set here.
#pragma once

#include <memory>
#include <string>

#include "device/open_device.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

enum class TapKind : std::uint8_t { tap, tun };

/// Creates the interface, which is removed when the device is destroyed, or attaches to a persistent one.
expected<std::unique_ptr<Device>, DeviceError> open_tap(const std::string& name, TapKind kind,
                                                        const DeviceOptions& options);

}  // namespace leat
