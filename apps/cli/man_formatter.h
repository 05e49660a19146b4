// Prints --help as a manual page: NAME, SYNOPSIS, DESCRIPTION, options by group, and what the footer adds.
//
// A command's description begins with one line that names its purpose; paragraphs may follow. In its footer a line of
// capitals begins a section; other lines stand as they are, indented.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace leat::command {

class ManFormatter final : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

/// `text` filled into lines of at most `width` columns, each after `indent` spaces; blank lines divide paragraphs.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width = 80);

}  // namespace leat::command
