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

/// The fields of TCP_INFO (tcpi_state …), as many as it holds.
Variables tcp_info_variables(Bytes info);
/// The fields of SO_MEMINFO (SK_MEMINFO_RMEM_ALLOC …).
Variables meminfo_variables(Bytes info);

/// The fields of TCP_CC_INFO: bbr_bw_lo … of BBR, and none of a controller that reports nothing.
Variables congestion_variables(Bytes info);
/// The first variable in `code` that only TCP_INFO or TCP_CC_INFO could give and that is missing.
std::optional<std::string> variable_wanted(const std::string& code, const Variables& variables);

class CodeRunner {
 public:
  /// Adds the code of `line`, with the assignments that precede it.
  void add(int line, const Variables& variables, const std::string& code);
  bool empty() const { return fragments_.empty(); }
  /// Runs everything as one program. Returns nothing, or the reason why it failed.
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
