// A device that writes down what passes it, as a pcapng file that Wireshark and tshark read: every frame with its
// direction and time, and a comment on each that was dropped, sent again, or sent to probe or to challenge.
//
// It shows what the stack sees: it belongs outside any other wrapper. Super-segments are written whole, as tcpdump
// shows them. A checksum that is left to the device is filled in in the file, so that none looks wrong that is not.
// The file is up to date whenever the owner sleeps (Device::idle). A reader that does not keep up with a pipe holds
// the owner back.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "link/device.h"
#include "link/device_error.h"

namespace leat {

struct CaptureOptions {
  std::string file;       ///< made, or emptied; "-" is standard output
  std::string interface;  ///< its name in the file
  /// Told once when the file cannot be written any more; packets go on. Called on the device's thread.
  std::function<void(const std::string& sentence)> on_failure{};
};

/// Wraps `inner`. Fails when the file cannot be made.
expected<std::unique_ptr<Device>, DeviceError> capture(std::unique_ptr<Device> inner, CaptureOptions options);

}  // namespace leat
