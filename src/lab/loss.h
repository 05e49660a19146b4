// The middle's firewall: what it counts, and what it loses.
#pragma once

#include "lab/lab.h"

namespace leat::lab {

/// False also for what is not a number.
constexpr bool is_percentage(double value) { return value >= 0 && value <= 100; }

/// The table and its counters, without any loss. Once a lab.
expected<void, LabError> install_rules(const Lab& lab);
/// Replaces the rules that lose; `loss` must be percentages.
expected<void, LabError> apply_loss(const Lab& lab, Loss loss);
expected<MiddleCounters, LabError> read_counters(const Lab& lab);

/// True when so many frames have passed in a direction with loss that to lose none of them had a chance below one in
/// a billion: then the rule does not work, and whatever was shown under that loss was not shown.
bool loss_is_missing(const Loss& loss, const MiddleCounters& counters);

/// The counters out of nft's listing of them; a counter that is not in it is 0.
MiddleCounters parse_counters(const std::string& listing);

}  // namespace leat::lab
