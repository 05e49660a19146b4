// TAP and TUN: an interface of the kernel whose other side is this process. `tap` carries Ethernet frames, `tun`
// bare IP datagrams; both, with offloads, behind a virtio header, so that 64 kB super-segments and partial checksums
// pass either way and nothing is ever summed or split in vain. Several frames take one system call (io_batch.h).
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

/// Makes the interface (gone again when the device is destroyed) or takes hold of a persistent one.
expected<std::unique_ptr<Device>, DeviceError> open_tap(const std::string& name, TapKind kind,
                                                        const DeviceOptions& options);

}  // namespace leat
