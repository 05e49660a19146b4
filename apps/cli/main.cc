// The command `leat`: takes a subcommand and its options apart, and says what is wrong with them.
#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "cli/bench/bench_command.h"
#include "cli/complain.h"
#include "cli/drill/drill_command.h"
#include "cli/http/get_command.h"
#include "cli/http/serve_command.h"
#include "cli/link/connect_command.h"
#include "cli/link/doctor_command.h"
#include "cli/link/echo_command.h"
#include "cli/link/lab_command.h"
#include "cli/link/ping_command.h"
#include "cli/link/wire_command.h"
#include "cli/man_formatter.h"
#include "cli/suggest.h"
#include "device/link_kinds.h"

#include <fmt/core.h>

namespace leat::command {
namespace {

constexpr const char* kLeatDescription = R"(a TCP/IP stack in user space

leat fetches, serves and tries things out over TCP/IP of its own, past the kernel's: with the segment size, the
buffers and the congestion control that you choose, and with a report of what happened. It needs no root where user
namespaces are allowed: leat lab makes a small network to work in.

Every command explains itself: leat COMMAND --help.)";

constexpr const char* kLeatFooter = R"(EXIT STATUS
0 when all went well, 2 for a bad option; the rest is the command's own.

EXAMPLES
  leat lab            a shell in a small network, with a web server
  leat get --help     how to fetch a URL

A download in a network that loses one frame in twenty each way:
  leat lab --loss 5 -- leat get http://10.77.2.2/FILE
)";

std::string version_text() {
  std::string text = "leat " LEAT_VERSION "\n";
  text += "Links:";
  for (const LinkKind& kind : link_kinds()) {
    if (kind.in_this_build && !kind.in_process) text += " " + std::string(kind.name);
  }
  text += "\nProtocols: http over TCP, IPv4\n";
  text += fmt::format("Built with: Boost {}.{}.{}, CLI11 {}, fmt {}.{}.{}, ", BOOST_VERSION / 100000,
                      BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100, CLI11_VERSION, FMT_VERSION / 10000,
                      FMT_VERSION / 100 % 100, FMT_VERSION % 100);
#if defined(__clang__)
  text += "clang " __clang_version__;
#else
  text += "g++ " __VERSION__;
#endif
#if defined(__SANITIZE_ADDRESS__)
  text += ", AddressSanitizer";
#elif defined(__SANITIZE_THREAD__)
  text += ", ThreadSanitizer";
#endif
  return text;
}

const CLI::App* deepest(const CLI::App* app) {
  const auto chosen = app->get_subcommands();
  return chosen.empty() ? app : deepest(chosen.back());
}

std::vector<std::string> option_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> command_names(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::string hint(std::string_view word, const std::vector<std::string>& candidates) {
  const auto guess = closest(word, candidates);
  return guess ? "; did you mean " + *guess + "?" : "";
}

/// One sentence that says what is wrong. What nobody knows goes before what it then made missing.
std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* chosen = deepest(&app);
  for (const std::string& word : app.remaining(true)) {
    if (word.size() > 1 && word[0] == '-' && word != "--") {
      const std::string name = word.substr(0, word.find('='));
      return "unknown option " + name + hint(name, option_names(chosen));
    }
    if (chosen == &app) return "there is no command \"" + word + "\"" + hint(word, command_names(&app));
    if (error.get_name() == "ExtrasError") return "\"" + word + "\" is one word too many";
  }
  if (error.get_name() == "RequiredError" && chosen == &app) return "no command";
  return error.what();
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* chosen = deepest(&app);
  const std::string name = chosen == &app ? "leat" : "leat " + chosen->get_name();
  std::fputs((name + ": " + explain(app, error) + "\nTry '" + name + " --help'.\n").c_str(), stderr);
  return kUsage;
}

int run_leat(int argc, char** argv) {
  int exit_code = 0;
  CLI::App app(kLeatDescription, "leat");
  app.formatter(std::make_shared<ManFormatter>());
  app.set_help_flag("-h,--help", "Print this text.");
  app.set_version_flag("-V,--version", version_text, "Print the version, and what was built in.");
  app.footer(kLeatFooter);
  app.require_subcommand(1);
  add_get(app, exit_code);
  add_serve(app, exit_code);
  add_echo(app, exit_code);
  add_ping(app, exit_code);
  add_connect(app, exit_code);
  add_bench(app, exit_code);
  add_lab(app, exit_code);
  add_doctor(app, exit_code);
  add_wire(app, exit_code);
  add_drill(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return report_parse_error(app, error);
  }
  return exit_code;
}

}  // namespace
}  // namespace leat::command

int main(int argc, char** argv) {
  try {
    return leat::command::run_leat(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leat: %s\n", error.what());
    return 2;
  }
}
