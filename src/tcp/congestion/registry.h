// The congestion controllers by name.
//
// To add a controller, write its class and its maker as in reno.h, and add a line to the table in registry.cc. The
// table is a constant and not a list to which files add themselves: no code runs before main, and the linker cannot
// drop an entry.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "tcp/congestion/controller.h"

namespace leat {

/// Returns null when no controller has this name. Names are lower case, as in Linux.
std::unique_ptr<CongestionController> make_controller(std::string_view name, const ControllerConfig& config);

bool is_controller(std::string_view name);

/// All names, the default first.
std::span<const std::string_view> controller_names();

}  // namespace leat
