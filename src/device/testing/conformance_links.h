// The list of links that the conformance suite (conformance_test.cc) tests devices on: a new device is one more entry.
//
// An entry makes the link in the namespace of the test, opens the device and its far end, and says what the device is
// expected to do. What it cannot do is a fact here, never a case that a test leaves out on its own.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "device/testing/far_end.h"

namespace leat::testing {

/// Segments of the suite go between port 80 at kNear, which is the device's, and kFar.
inline constexpr IpAddress kNear = IpAddress::v4(10, 0, 0, 2), kFar = IpAddress::v4(10, 0, 0, 1);

struct JoinedLink {
  std::unique_ptr<Device> device;
  std::unique_ptr<FarEnd> far;
};

struct ConformanceLink {
  enum class Super : std::uint8_t {
    none,   ///< that side cannot send them
    split,  ///< they arrive as segments
    whole,
  };
  /// What makes the device say that it takes no more.
  enum class Pressure : std::uint8_t {
    none,    ///< nothing that a test could do: the kernel takes all that is written
    far,     ///< a far end that does not read
    shaper,  ///< a queueing discipline on the interface
    down,    ///< an interface that is down
  };
  /// What becomes of frames that arrive while nobody reads.
  enum class Overflow : std::uint8_t {
    refused,    ///< the far end cannot send more
    device,     ///< lost; DeviceCounters::rx_dropped counts them
    interface,  ///< lost; the interface's own counters tell
    both,       ///< lost, and counted by both
  };

  std::string name;
  /// No device: the test is to be skipped, which was said, or has failed.
  JoinedLink (*join)(BufferPool& pool);
  bool completes_checksums = true;
  /// Segments whose checksum the far end leaves out arrive so, and marked; else filled in.
  bool partial_in = true;
  Super super_in = Super::whole, super_out = Super::whole;
  Pressure pressure = Pressure::none;
  Overflow overflow = Overflow::device;
  bool holds_frames = false;  ///< what waits may have been taken, and is counted when it leaves
  std::string interface {};   ///< of the kernel's, that the device stands on; may be none
  std::string after_up{};     ///< a command that the kernel needs then
};

std::vector<ConformanceLink> conformance_links();

void PrintTo(const ConformanceLink& link, std::ostream* out);

}  // namespace leat::testing
