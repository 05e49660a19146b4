// A LatencyHistogram for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/bench/latency_histogram.h"

namespace leat::command {

/// A line: "round trip  min 8.1 us, median 9.3 us, ...". Empty when there is nothing to tell.
std::string latency_text(const std::string& what, const LatencyHistogram& times);
/// In microseconds; null when there is nothing to tell.
nlohmann::ordered_json latency_json(const LatencyHistogram& times);

}  // namespace leat::command
