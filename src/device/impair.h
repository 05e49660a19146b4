// An impaired link: any device with a link emulator in one or both directions, in real time.
//
// Its descriptor becomes readable when frames arrive, when a delayed one is due in either direction, and when
// back-pressure is over; receive() handles all three. The destructor sends delayed frames at once: too early, but not
// lost.
#pragma once

#include <memory>
#include <vector>

#include "leat/impairment.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

/// Wraps `inner`. The caller has checked the impairments; those without a seed get a random one. Fails when `inner` has
/// no descriptor or the system has none left.
expected<std::unique_ptr<Device>, DeviceError> impair(std::unique_ptr<Device> inner,
                                                      std::vector<Impairment> impairments);

}  // namespace leat
