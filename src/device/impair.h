// An impaired link: any device with a link emulator in one or both directions, in real time.
//
// Its descriptor becomes readable when frames arrive, when a delayed one is due in either direction, and when
// back-pressure is over; receive() then does all three. Frames that are still on their way out when the device is
// destroyed are sent at once, too early but not lost.
#pragma once

#include <memory>
#include <vector>

#include "leat/impairment.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// Wraps `inner`. The impairments were checked; those without a seed get a random one. An error when `inner` has no
/// descriptor or the system gives none.
expected<std::unique_ptr<Device>, DeviceError> impair(std::unique_ptr<Device> inner,
                                                      std::vector<Impairment> impairments);

}  // namespace leat
