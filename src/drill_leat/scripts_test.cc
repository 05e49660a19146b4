// All of tests/scripts against Leat: they pass; and a script with one number changed fails.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "drill/parser.h"
#include "drill/player.h"
#include "drill_leat/subject.h"

namespace leat::drill {
namespace {

namespace fs = std::filesystem;

struct File {
  std::string name;
  std::string text;
};

std::vector<File> scripts() {
  const fs::path root = fs::path(LEAT_SOURCE_DIR) / "tests/scripts";
  std::vector<File> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".pkt") continue;
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    files.push_back({fs::relative(entry.path(), root).string(), text.str()});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.name < b.name; });
  return files;
}

Verdict played(const File& file, const PlayOptions& options = {}) {
  const auto script = parse_script(file.name, file.text, {});
  if (!script) return {Verdict::Kind::failed, script.error().to_string(), {}};
  return play_on_leat(*script, options);
}

TEST(DrillScripts, PassInLeat) {
  const auto files = scripts();
  EXPECT_GE(files.size(), 120u);
  Interpreters interpreters;
  PlayOptions options;
  options.interpreters = &interpreters;
  for (const File& file : files) {
    const Verdict verdict = played(file, options);
    EXPECT_EQ(verdict.kind, Verdict::Kind::passed) << file.name << " " << verdict.message;
  }
}

TEST(DrillScripts, EachNamesItsRule) {
  for (const File& file : scripts()) {
    EXPECT_TRUE(file.text.starts_with("// ")) << file.name << " begins with what it is about";
    EXPECT_TRUE(std::regex_search(file.text.substr(0, file.text.find("\n0 ")), std::regex(R"(RFC \d+|\(\d\)|Linux)")))
        << file.name << " names no RFC, no manual page, no behaviour of Linux's";
  }
}

/// The script with the ACK number of its last packet from the stack changed; empty when there is none.
std::string with_one_number_changed(const std::string& text) {
  const std::regex expectation(R"((\n\S+ > [^\n<]* ack )(\d+))");
  std::smatch last;
  std::string::const_iterator begin = text.begin();
  for (std::smatch match; std::regex_search(begin, text.end(), match, expectation); begin = match.suffix().first) {
    last = match;
  }
  if (last.empty()) return {};
  const std::string changed = std::to_string(std::stoul(last[2]) + 7);
  return std::string(text.begin(), last[2].first) + changed + std::string(last[2].second, text.end());
}

TEST(DrillScripts, FailWithOneNumberChanged) {
  int changed = 0;
  for (const File& file : scripts()) {
    const File wrong{file.name, with_one_number_changed(file.text)};
    if (wrong.text.empty()) continue;
    ++changed;
    const Verdict verdict = played(wrong);
    EXPECT_EQ(verdict.kind, Verdict::Kind::failed) << file.name << "\n" << wrong.text;
    EXPECT_NE(verdict.message.find("ACK number\n    expected"), std::string::npos) << verdict.message;
  }
  EXPECT_GE(changed, 50);
}

}  // namespace
}  // namespace leat::drill
