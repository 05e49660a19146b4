// Why something in the lab did not work, as a sentence for people.
#pragma once

#include <string>

namespace leat::lab {

struct LabError {
  enum class Kind {
    unavailable,  ///< this machine or user cannot have a lab: a tool is missing, namespaces are forbidden
    failed,       ///< it should have worked
  };
  Kind kind = Kind::failed;
  std::string message;  ///< what failed and, where known, what to do about it
};

/// `what: strerror(number)`.
LabError system_error(const std::string& what, int number);

}  // namespace leat::lab
