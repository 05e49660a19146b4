// %{ code }%: snapshots of tcp_info and what a script says about them, run by Python when the script is over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "drill/interpreter.h"

namespace leat::drill {

using Variables = std::vector<std::pair<std::string, std::uint64_t>>;

/// What TCP_INFO gave (tcpi_state …), of as many fields as it holds.
Variables tcp_info_variables(Bytes info);
/// What SO_MEMINFO gave (sk_rmem_alloc …).
Variables meminfo_variables(Bytes info);

/// What TCP_CC_INFO gave: of BBR bbr_bw_lo …, nothing of controllers that tell nothing.
Variables congestion_variables(Bytes info);
/// The first variable in `code` that only TCP_INFO or TCP_CC_INFO could give and that did not come.
std::optional<std::string> variable_wanted(const std::string& code, const Variables& variables);

class CodeRunner {
 public:
  /// Assignments before the code of `line`.
  void add(int line, const Variables& variables, const std::string& code);
  bool empty() const { return fragments_.empty(); }
  /// Runs everything as one program. Nothing, or why it failed.
  std::optional<std::string> run(const std::string& file, Interpreter& interpreter) const;

 private:
  struct Fragment {
    int line = 0;
    Variables variables;
    std::string code;
  };
  std::string program() const;

  std::vector<Fragment> fragments_;
};

}  // namespace leat::drill
