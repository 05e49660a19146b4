// Options whose values are read by a function of ours, so that every bad value is refused with a reason.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "leat/expected.h"

namespace leat::command {

/// Adds the option `names` with a value called `value` in --help. `parse` gives an expected<T, std::string>; `store`
/// takes each T. The last of several wins, unless `repeatable`.
template <class Parse, class Store>
CLI::Option* add_value(CLI::App& command, const std::string& names, const std::string& value,
                       const std::string& description, Parse parse, Store store, bool repeatable = false) {
  const std::string name = names.substr(names.find("--") == std::string::npos ? 0 : names.find("--"));
  CLI::Option* option = command.add_option(
      names,
      [parse, store, name](const CLI::results_t& texts) {
        for (const std::string& text : texts) {
          auto parsed = parse(text);
          if (!parsed) throw CLI::ValidationError(name, parsed.error());
          store(std::move(*parsed));
        }
        return true;
      },
      description, false);
  option->type_name(value);
  option->multi_option_policy(repeatable ? CLI::MultiOptionPolicy::TakeAll : CLI::MultiOptionPolicy::TakeLast);
  if (repeatable) option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args(false);
  return option;
}

}  // namespace leat::command
