// DropLog: counts dropped packets under their reasons, and remembers why the packet that is being received was dropped,
// so that whoever delivered it can be told. One for a Stack, shared by its parts.
#pragma once

#include <optional>
#include <utility>

#include "leat/counters.h"

namespace leat {

class DropLog {
 public:
  explicit DropLog(Counters& counters) : counters_(counters) {}

  /// The packet that is being received. Its first reason stands; each counts.
  void arrived(DropReason why) {
    ++counters_[why];
    if (!verdict_) verdict_ = why;
  }
  /// Another packet: one of ours, or one that was taken before.
  void other(DropReason why, std::uint64_t packets = 1) { counters_[why] += packets; }

  /// What became of the packet received last; nothing when it was taken.
  std::optional<DropReason> take_verdict() { return std::exchange(verdict_, std::nullopt); }

 private:
  Counters& counters_;
  std::optional<DropReason> verdict_;
};

}  // namespace leat
