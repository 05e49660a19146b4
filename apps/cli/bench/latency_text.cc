#include "cli/bench/latency_text.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

namespace leat::command {
namespace {

double microseconds(Duration d) { return std::chrono::duration<double, std::micro>(d).count(); }

std::string time_text(Duration d) {
  const double us = microseconds(d);
  return us < 1000  ? fmt::format("{:.1f} us", us)
         : us < 1e6 ? fmt::format("{:.2f} ms", us / 1e3)
                    : fmt::format("{:.2f} s", us / 1e6);
}

}  // namespace

std::string latency_text(const std::string& what, const LatencyHistogram& t) {
  if (t.count() == 0) return {};
  return fmt::format("{}: min {}, median {}, mean {}, p99 {}, p99.9 {}, max {}\n", what, time_text(t.least()),
                     time_text(t.quantile(0.5)), time_text(t.mean()), time_text(t.quantile(0.99)),
                     time_text(t.quantile(0.999)), time_text(t.most()));
}

nlohmann::ordered_json latency_json(const LatencyHistogram& t) {
  if (t.count() == 0) return nullptr;
  return {{"min", microseconds(t.least())},        {"median", microseconds(t.quantile(0.5))},
          {"mean", microseconds(t.mean())},        {"p90", microseconds(t.quantile(0.9))},
          {"p99", microseconds(t.quantile(0.99))}, {"p99_9", microseconds(t.quantile(0.999))},
          {"max", microseconds(t.most())}};
}

}  // namespace leat::command
