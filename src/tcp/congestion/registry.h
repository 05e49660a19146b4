// The congestion controllers by name.
//
// To add one: write its file with a class and a maker as in reno.h, and add its line to the table in registry.cc. The
// table is a constant, not a list that files add themselves to: nothing runs before main, and a linker that takes
// only what is used from a library cannot lose an entry.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "tcp/congestion/controller.h"

namespace leat {

/// Nothing when no controller has this name. Names are lower case, as Linux has them.
std::unique_ptr<CongestionController> make_controller(std::string_view name, const ControllerConfig& config);

bool is_controller(std::string_view name);

/// All names, the default first.
std::span<const std::string_view> controller_names();

}  // namespace leat
