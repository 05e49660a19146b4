// DeviceError: why a device could not be opened, as a sentence for the user that says what to do.
#pragma once

#include <string>
#include <utility>

#include "leat/error.h"
#include "leat/expected.h"

namespace leat {

struct DeviceError {
  Error code = Error::system;
  std::string message;
};

/// For `return device_failure(Error::no_device, "there is no …");`
inline unexpected<DeviceError> device_failure(Error code, std::string message) {
  return unexpected(DeviceError{code, std::move(message)});
}

}  // namespace leat
