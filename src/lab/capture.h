// Capture: a file of what passes an interface in the lab, for tshark to judge.
//
// An own tap, because the file must be complete to the last frame: it says when it begins, and when told to
// stop it first takes out of the kernel whatever had arrived. Whole frames, nanoseconds, pcap.
#pragma once

#include <string>
#include <utility>

#include "lab/lab.h"

namespace leat::lab {

class Capture {
 public:
  /// What passes after this has returned is in the file.
  static expected<Capture, LabError> start(const Lab& lab, Place place, const std::string& interface,
                                           const std::string& file);
  /// Ends it and waits until the file is complete. An error when the kernel had to drop frames.
  expected<void, LabError> stop();

 private:
  explicit Capture(Process process) : process_(std::move(process)) {}
  Process process_;
};

/// The tap itself, in the caller's network namespace: writes "ready" to standard error when it begins, ends with
/// SIGTERM. 0, an errno, or kFramesLost.
int capture_frames(const char* interface, int file);
inline constexpr int kFramesLost = 250;

}  // namespace leat::lab
