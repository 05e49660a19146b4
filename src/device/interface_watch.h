// InterfaceWatch: tells whether the interface of a device has been removed. While the interface is only down, packets
// are lost as on an unplugged cable, and traffic continues when it is up again.
#pragma once

#include <optional>

#include "device/unique_fd.h"

namespace leat {

/// When a packet socket on the interface has told of an error: that it goes down, or is removed.
bool is_removed(int packet_socket, int interface_index);

/// For devices whose sockets do not tell: a packet socket that receives nothing. Dies with the process.
class InterfaceWatch {
 public:
  /// Nothing, with errno, when it cannot be had. `promiscuous` keeps the interface open to station addresses other than
  /// its own.
  static std::optional<InterfaceWatch> open(int interface_index, bool promiscuous);

  /// Readable when there is something to be looked at by sees_removal().
  int descriptor() const { return fd_.get(); }
  bool sees_removal() const;

 private:
  InterfaceWatch(UniqueFd fd, int index) : fd_(std::move(fd)), index_(index) {}

  UniqueFd fd_;
  int index_;
};

}  // namespace leat
