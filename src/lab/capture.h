// Capture: a pcap file of the frames that pass an interface in the lab, for tshark.
//
// It uses a packet socket of its own, because the file must be complete to the last frame: it reports its start, and
// before it stops it reads all frames that have arrived. Frames are whole, and times have nanoseconds.
#pragma once

#include <string>
#include <utility>

#include "lab/lab.h"

namespace leat::lab {

class Capture {
 public:
  /// Starts a capture. Frames that pass after it has returned are in the file.
  static expected<Capture, LabError> start(const Lab& lab, Place place, const std::string& interface,
                                           const std::string& file);
  /// Ends the capture and waits until the file is complete. Returns an error if the kernel dropped frames.
  expected<void, LabError> stop();

 private:
  explicit Capture(Process process) : process_(std::move(process)) {}
  Process process_;
};

/// The process of a capture, in the caller's network namespace. It writes "ready" to standard error when it starts, and
/// ends by SIGTERM. Returns 0, an errno, or kFramesLost.
int capture_frames(const char* interface, int file);
inline constexpr int kFramesLost = 250;

}  // namespace leat::lab
