// --write-out: a format with %{variables}, as curl's, filled in from a Report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/report.h"
#include "leat/expected.h"

namespace leat::http {

class WriteOut {
 public:
  /// Reads a format: %{name}, %% and the escapes \n \r \t \\. The error says which variable is unknown.
  static expected<WriteOut, std::string> parse(std::string_view format);

  std::string fill(const Report& report) const;

  /// The names that may stand in %{}, "json" included.
  static std::vector<std::string_view> variables();

 private:
  struct Piece {
    bool variable = false;
    std::string text;  ///< the variable's name, or literal text
  };
  std::vector<Piece> pieces_;
};

/// All variables as one JSON object, in one line.
std::string report_json(const Report& report);

}  // namespace leat::http
