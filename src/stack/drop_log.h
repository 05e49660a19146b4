// DropLog counts dropped packets by reason, and remembers why the packet that is being received was dropped, so that
// its device can be told. Each Stack has one, which its parts share.
#pragma once

#include <optional>
#include <utility>

#include "leat/counters.h"

namespace leat {

class DropLog {
 public:
  explicit DropLog(Counters& counters) : counters_(counters) {}

  /// Drops the packet that is being received. Each reason counts, and the first one becomes its verdict.
  void arrived(DropReason why) {
    ++counters_[why];
    if (!verdict_) verdict_ = why;
  }
  /// Drops other packets: ours, or some that were accepted before.
  void other(DropReason why, std::uint64_t packets = 1) { counters_[why] += packets; }

  /// The verdict on the packet received last; empty when it was accepted.
  std::optional<DropReason> take_verdict() { return std::exchange(verdict_, std::nullopt); }

 private:
  Counters& counters_;
  std::optional<DropReason> verdict_;
};

}  // namespace leat
