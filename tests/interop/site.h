// Helpers for the interop tests: files on a web server in far, and `leat get` in near.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "lab/web_server.h"

namespace leat::interop {

/// The reason why the tests cannot run here, such as a missing program; otherwise an empty text.
std::string missing_programs(const std::vector<std::string>& programs);

/// A temporary folder that all users may write to. The destructor removes it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Writes a file of `size` bytes of noise.
void write_noise(const std::filesystem::path& path, std::size_t size);

/// The SHA-256 of a file in hexadecimal, by sha256sum. An error fails the test.
std::string sha256_of(const lab::Lab& lab, const std::filesystem::path& path);

/// The command line of `leat get` with the options of the lab's network and `arguments`.
std::vector<std::string> leat_get(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> arguments);

/// The reason why Leat cannot have such a link in the lab; otherwise an empty text.
std::string refusal_of_link(const lab::Lab& lab, lab::LinkKind link);

/// For the names of tests.
std::string name_of(lab::LinkKind link);

}  // namespace leat::interop

namespace leat::lab {

/// For the parameters of tests.
void PrintTo(LinkKind link, std::ostream* out);

}  // namespace leat::lab

/// Skips the test if the lab has no such link.
#define LEAT_SKIP_WITHOUT_LINK(the_lab, link)                                                        \
  if (const std::string refusal = ::leat::interop::refusal_of_link(the_lab, link); !refusal.empty()) \
  GTEST_SKIP() << refusal

/// Skips the test if one of these programs is not installed.
#define LEAT_SKIP_WITHOUT_PROGRAMS(...)                                                               \
  if (const std::string missing = ::leat::interop::missing_programs({__VA_ARGS__}); !missing.empty()) \
  GTEST_SKIP() << missing
