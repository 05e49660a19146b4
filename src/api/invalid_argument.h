// The error of a configuration that cannot work.
#pragma once

#include <string>
#include <utility>

#include "leat/host.h"

namespace leat {

inline unexpected<HostError> invalid_argument(std::string message) {
  return unexpected(HostError{Error::invalid_argument, std::move(message)});
}

}  // namespace leat
