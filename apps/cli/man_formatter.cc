#include "cli/man_formatter.h"

#include <algorithm>
#include <sstream>
#include <vector>

namespace leat::command {
namespace {

constexpr std::size_t kBodyIndent = 7;
constexpr std::size_t kOptionIndent = 14;

std::string spaces(std::size_t n) { return std::string(n, ' '); }

std::string full_name(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  return parent ? full_name(parent) + " " + app->get_name() : app->get_name();
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string names_of(const CLI::Option* option) {
  std::string names;
  for (const std::string& name : option->get_snames()) names += (names.empty() ? "-" : ", -") + name;
  for (const std::string& name : option->get_lnames()) names += (names.empty() ? "--" : ", --") + name;
  const std::string value = option->get_type_name();
  if (value.empty()) return names;
  // A value that may be left out stands after "=" in its type name already.
  return names + (value.front() == '[' ? "" : " ") + value;
}

std::string option_entry(const CLI::Option* option) {
  return spaces(kBodyIndent) + names_of(option) + "\n" + wrapped(option->get_description(), kOptionIndent) + "\n";
}

std::string options_section(const CLI::App* app) {
  std::string out = "OPTIONS\n";
  for (const std::string& group : app->get_groups()) {
    if (group.empty()) continue;
    const auto options =
        app->get_options([&](const CLI::Option* o) { return o->get_group() == group && o->nonpositional(); });
    if (options.empty()) continue;
    if (group != "Options") out += "   " + group + "\n";
    for (const CLI::Option* option : options) out += option_entry(option);
  }
  return out;
}

std::string synopsis(const CLI::App* app) {
  std::string out = full_name(app);
  if (!app->get_subcommands([](const CLI::App*) { return true; }).empty()) return out + " COMMAND [OPTIONS] ...";
  out += " [OPTIONS]";
  for (const CLI::Option* option : app->get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const std::string name = option->get_type_name().empty() ? option->get_name() : option->get_type_name();
    const std::string item = option->get_items_expected_max() > 1 ? name + "..." : name;
    out += option->get_required() ? " " + item : " [" + item + "]";
  }
  return out;
}

std::string commands_section(const CLI::App* app) {
  std::string out;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    out += spaces(kBodyIndent) + command->get_name() + "\n";
    out += wrapped(first_line(command->get_description()), kOptionIndent) + "\n";
  }
  return out.empty() ? out : "COMMANDS\n" + out;
}

bool is_heading(const std::string& line) {
  return !line.empty() &&
         std::all_of(line.begin(), line.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == ' '; });
}

std::string footer(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    out += (line.empty() || is_heading(line) ? "" : spaces(kBodyIndent)) + line + "\n";
  }
  return out;
}

}  // namespace

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      out += column > 0 ? "\n\n" : "\n";
      column = 0;
    }
    std::istringstream words(line);
    for (std::string word; words >> word;) {
      if (column > 0 && column + 1 + word.size() > width) {
        out += "\n";
        column = 0;
      }
      out += column == 0 ? spaces(indent) : " ";
      column = (column == 0 ? indent : column + 1) + word.size();
      out += word;
    }
  }
  return column > 0 ? out + "\n" : out;
}

std::string ManFormatter::make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const {
  const std::string description = app->get_description();
  std::string out = "NAME\n" + spaces(kBodyIndent) + full_name(app) + " - " + first_line(description) + "\n\n";
  out += "SYNOPSIS\n" + spaces(kBodyIndent) + synopsis(app) + "\n\n";
  const std::size_t more = description.find('\n');
  if (more != std::string::npos) {
    const std::size_t text = description.find_first_not_of('\n', more);
    out += "DESCRIPTION\n" + wrapped(description.substr(text), kBodyIndent) + "\n";
  }
  out += commands_section(app) + options_section(app);
  return out + footer(app->get_footer());
}

}  // namespace leat::command
