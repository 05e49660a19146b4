// The firewall of the middle: its counters, and the rules that lose frames.
#pragma once

#include "lab/lab.h"

namespace leat::lab {

/// True for 0..100, false for NaN.
constexpr bool is_percentage(double value) { return value >= 0 && value <= 100; }

/// The rules that make the table and its counters, without loss. They are loaded once for a lab.
expected<void, LabError> install_rules(const Lab& lab);
/// The rules that replace the loss. `loss` must be percentages.
expected<void, LabError> apply_loss(const Lab& lab, Loss loss);
expected<MiddleCounters, LabError> read_counters(const Lab& lab);

/// True if a direction with loss lost no frame, although the chance for that is less than one in a billion. The rule
/// then does not work, and a test under that loss proves nothing.
bool loss_is_missing(const Loss& loss, const MiddleCounters& counters);

/// Reads the counters from the listing of nft. A missing counter is 0.
MiddleCounters parse_counters(const std::string& listing);

}  // namespace leat::lab
