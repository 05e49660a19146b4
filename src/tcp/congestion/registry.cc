#include "tcp/congestion/registry.h"

#include <array>
#include <cstddef>

#include "tcp/congestion/aimd.h"
#include "tcp/congestion/cubic.h"
#include "tcp/congestion/reno.h"

namespace leat {
namespace {

using Maker = std::unique_ptr<CongestionController> (*)(const ControllerConfig&);

struct Row {
  std::string_view name;
  Maker make;
};

constexpr std::array kControllers{
    Row{kCubicName, make_cubic},
    Row{kRenoName, make_reno},
    Row{kAimdName, make_aimd},
};

constexpr auto kNames = [] {
  std::array<std::string_view, kControllers.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kControllers[i].name;
  return names;
}();

const Row* find(std::string_view name) {
  for (const Row& row : kControllers) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace

std::unique_ptr<CongestionController> make_controller(std::string_view name, const ControllerConfig& config) {
  const Row* row = find(name);
  return row != nullptr ? row->make(config) : nullptr;
}

bool is_controller(std::string_view name) { return find(name) != nullptr; }

std::span<const std::string_view> controller_names() { return kNames; }

}  // namespace leat
