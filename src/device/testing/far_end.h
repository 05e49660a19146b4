// FarEnd: the other end of the link that a device under test is on, in the hands of the test, which sends and sees
// there every byte and what goes beside it.
//
// Frames look as they do at the device: without a link header where the device has none, though they may have one on
// the wire. Used by conformance_test.cc, made by conformance_links.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "link/device.h"

namespace leat::testing {

/// Of the station at the far end, and of the device under test.
inline constexpr MacAddress kFarStation{{2, 0, 0, 0, 0, 1}}, kNearStation{{2, 0, 0, 0, 0, 2}};

struct WireFrame {
  std::vector<std::uint8_t> bytes;
  Offload offload;
};

class FarEnd {
 public:
  FarEnd() = default;
  FarEnd(const FarEnd&) = delete;
  FarEnd& operator=(const FarEnd&) = delete;
  virtual ~FarEnd() = default;
  /// False when the link does not take it, which is no loss.
  virtual bool send(const WireFrame& frame) = 0;
  /// The next TCP/IPv4 frame from the device; waits for it up to so long.
  virtual std::optional<WireFrame> receive(int milliseconds) = 0;
};

struct FarSocketOptions {
  bool ethernet = true;      ///< what the interface carries
  bool adds_link = false;    ///< the device has no link header, so it is added and taken off here
  bool has_offloads = true;  ///< PACKET_VNET_HDR
};
/// A packet socket on an interface of the kernel's.
std::unique_ptr<FarEnd> far_socket(const std::string& interface, const FarSocketOptions& options = {});
/// Another device.
std::unique_ptr<FarEnd> far_device(std::unique_ptr<Device> device, BufferPool& pool);
/// The same device, when it leads back to itself.
std::unique_ptr<FarEnd> far_self(Device& device, BufferPool& pool);

}  // namespace leat::testing
