// LabError: the reason why an operation of the lab failed, as a sentence.
#pragma once

#include <string>

namespace leat::lab {

struct LabError {
  enum class Kind {
    unavailable,  ///< the machine or the user cannot have a lab, for example because namespaces are forbidden
    failed,       ///< an operation failed that should have worked
  };
  Kind kind = Kind::failed;
  std::string message;  ///< the failure and, where known, the remedy
};

/// Makes the message `what: strerror(number)`.
LabError system_error(const std::string& what, int number);

}  // namespace leat::lab
