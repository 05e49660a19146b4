#include "lab/tools.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <utility>

namespace leat::lab {
namespace {

bool is_program(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string_view package_of(std::string_view program) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kPackages{{
      {"ip", "iproute2"},
      {"nft", "nftables"},
      {"nginx", "nginx"},
      {"python3", "python3"},
      {"tshark", "tshark"},
      {"curl", "curl"},
      {"ping", "iputils-ping"},
  }};
  for (const auto& [name, package] : kPackages) {
    if (name == program) return package;
  }
  return {};
}

}  // namespace

expected<std::string, LabError> find_tool(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    if (is_program(program)) return program;
    return unexpected(LabError{LabError::Kind::failed, program + ": no such program, or not executable"});
  }
  const char* path = std::getenv("PATH");
  std::istringstream folders(std::string(path == nullptr ? "" : path) +
                             ":/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = (folder.empty() ? "." : folder) + "/" + program;
    if (is_program(candidate)) return candidate;
  }
  const std::string_view package = package_of(program);
  std::string message = "the program '" + program + "' is missing";
  if (!package.empty()) message += "; install it with: apt-get install " + std::string(package);
  return unexpected(LabError{LabError::Kind::unavailable, std::move(message)});
}

}  // namespace leat::lab
