// The progress line of a download: how much, how fast, how long yet. Pure: given counts and instants, it gives the
// text to draw, at most ten times a second.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "leat/time.h"

namespace leat::http {

class Progress {
 public:
  /// `columns`: the terminal's width; lines are shorter than it.
  Progress(std::string name, unsigned columns, Instant start);

  /// `have` of `total` bytes are there, of which this transfer found `resumed` already. The line to draw,
  /// or nothing when the last one is too fresh.
  std::optional<std::string> update(std::uint64_t have, std::optional<std::uint64_t> total, std::uint64_t resumed,
                                    Instant now);
  /// The last line, when all has arrived.
  std::string finished(std::uint64_t have, std::uint64_t resumed, Instant now) const;

 private:
  struct Sample {
    Instant at;
    std::uint64_t have = 0;
  };
  double speed() const;

  std::string name_;
  unsigned columns_;
  Instant start_;
  std::optional<Instant> drawn_;
  std::deque<Sample> recent_;  ///< at most a few seconds, one a redraw
};

}  // namespace leat::http
