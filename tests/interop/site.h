// What the interop tests share: a folder of files on a web server in the lab's far place, and `leat get` in near.
#pragma once

#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "lab/web_server.h"

namespace leat::interop {

/// Why the tests cannot run here (a program is missing), else an empty text.
std::string missing_programs(const std::vector<std::string>& programs);

/// A temporary folder that every user may write to, gone with the object.
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

/// Makes a file of `size` bytes that do not repeat.
void write_noise(const std::filesystem::path& path, std::size_t size);

/// In hexadecimal, by sha256sum; fails the test when it cannot be had.
std::string sha256_of(const lab::Lab& lab, const std::filesystem::path& path);

/// `leat get` with the options that put it on the lab's network, then `arguments`.
std::vector<std::string> leat_get(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> arguments);

/// Why Leat cannot have such a link in the lab, else an empty text.
std::string refusal_of_link(const lab::Lab& lab, lab::LinkKind link);

/// For the names of tests.
std::string name_of(lab::LinkKind link);

}  // namespace leat::interop

namespace leat::lab {

/// For the parameters of tests.
void PrintTo(LinkKind link, std::ostream* out);

}  // namespace leat::lab

/// Ends the test as skipped where the lab has no such link.
#define LEAT_SKIP_WITHOUT_LINK(the_lab, link)                                                        \
  if (const std::string refusal = ::leat::interop::refusal_of_link(the_lab, link); !refusal.empty()) \
  GTEST_SKIP() << refusal

/// Ends the test as skipped where one of these programs is not installed.
#define LEAT_SKIP_WITHOUT_PROGRAMS(...)                                                               \
  if (const std::string missing = ::leat::interop::missing_programs({__VA_ARGS__}); !missing.empty()) \
  GTEST_SKIP() << missing
