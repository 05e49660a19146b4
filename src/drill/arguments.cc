#include "drill/arguments.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "drill/text.h"

namespace leat::drill {
namespace {

OptionText split(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), "", 0};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)), 0};
}

/// Files that the command line names lie below the working folder; those that a script names lie beside the script.
std::string absolute_paths(std::string_view files) {
  std::string out;
  while (!files.empty()) {
    const std::string_view file = files.substr(0, files.find(','));
    files.remove_prefix(std::min(file.size() + 1, files.size()));
    out += concat(out.empty() ? "" : ",", std::filesystem::absolute(file).string());
  }
  return out;
}

}  // namespace

expected<Arguments, std::string> read_arguments(const std::vector<std::string>& words) {
  Arguments out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "-v") out.play.verbose = true;
    else if (word == "-q") out.quiet = true;
    else if (word == "--json") out.json = true;
    else if (word == "--fail-on-skip") out.fail_on_skip = true;
    else if (word == "--lenient") out.play.lenient = true;
    else if (word.starts_with("--jobs=")) out.jobs = static_cast<unsigned>(std::strtoul(word.c_str() + 7, nullptr, 10));
    else if (word == "-D" && i + 1 < words.size()) out.settings.push_back({"D", words[++i], 0});
    else if (word.starts_with("-D")) out.settings.push_back({"D", word.substr(2), 0});
    else if (word.starts_with("--")) out.settings.push_back(split(std::string_view(word).substr(2)));
    else if (word.starts_with("-")) return unexpected(concat("unknown option ", word));
    else out.paths.push_back(word);
  }
  for (OptionText& option : out.settings) {
    if (option.name == "init_scripts") option.value = absolute_paths(option.value);
  }
  if (out.paths.empty()) return unexpected(std::string("name a script (*.pkt) or a folder of scripts"));
  Settings probe;
  for (const OptionText& option : out.settings) {
    if (const auto trouble = probe.apply(option))
      return unexpected(concat(option.name == "D" ? "-" : "--", option.name, ": ", *trouble));
  }
  return out;
}

}  // namespace leat::drill
