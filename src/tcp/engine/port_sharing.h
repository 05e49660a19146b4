// PortSharing: whether a local port may be used by several, by Linux's rules for SO_REUSEADDR and SO_REUSEPORT.
#pragma once

namespace leat {

/// Whether others may use a local port too (SO_REUSEADDR, SO_REUSEPORT).
struct PortSharing {
  bool reuse_address : 1 = false;  ///< with others that allow it as well, unless one of them listens
  bool reuse_port : 1 = false;     ///< with others that say so as well; listeners share what comes, by its hash
  bool operator==(const PortSharing&) const = default;
};

/// May one who comes later use the port of another at the same address, which listens or does not?
constexpr bool may_share(PortSharing later, PortSharing other, bool other_listens) {
  return (later.reuse_address && other.reuse_address && !other_listens) || (later.reuse_port && other.reuse_port);
}

}  // namespace leat
