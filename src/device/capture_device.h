// A device that records the frames that pass it, as a pcapng file for Wireshark and tshark. Each frame has its
// direction and time. Dropped frames, retransmissions, probes and challenges have a comment.
//
// It shows the frames that the Stack sees, so it is the outermost wrapper. It writes super-segments whole, as tcpdump
// shows them. It fills in a checksum that is left to the device, so that a correct one does not look wrong. The file is
// up to date whenever the worker sleeps (Device::idle). A slow reader of a pipe slows the worker down.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

struct CaptureOptions {
  std::string file;       ///< created or truncated; "-" is standard output
  std::string interface;  ///< its name in the file
  /// Called once, on the device's thread, when the file cannot be written any more. Packets go on.
  std::function<void(const std::string& sentence)> on_failure{};
};

/// Wraps `inner`. Fails when the file cannot be created.
expected<std::unique_ptr<Device>, DeviceError> capture(std::unique_ptr<Device> inner, CaptureOptions options);

}  // namespace leat
