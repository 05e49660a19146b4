// Failure, the exception that ends the demo with a sentence, and helpers of its scenes.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "lab/lab.h"

namespace leat::demo {

struct Failure {
  std::string message;
};

template <class T>
T check(expected<T, lab::LabError> result) {
  if (!result) throw Failure{result.error().message};
  return std::move(result).value();
}
inline void check(const expected<void, lab::LabError>& result) {
  if (!result) throw Failure{result.error().message};
}

/// The path of the command, which is beside this program.
inline std::string leat_binary() { return std::filesystem::canonical("/proc/self/exe").parent_path() / "leat"; }

/// The SHA-256 of a file in hexadecimal, by sha256sum.
inline std::string sha256_of(const lab::Lab& lab, const std::filesystem::path& path) {
  const std::string line = check(lab.run_tool(lab::kNear, {"sha256sum", "--", path.string()}));
  return line.substr(0, line.find(' '));
}

}  // namespace leat::demo
