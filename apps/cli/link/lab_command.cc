#include "cli/link/lab_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "cli/complain.h"
#include "cli/units.h"
#include "cli/value_option.h"
#include "lab/foreground.h"
#include "lab/lab.h"
#include "lab/loss.h"
#include "lab/web_server.h"

namespace leat::command {
namespace {

using lab::Lab;

// Words and what they mean, in the same order. No link: the best there is.
constexpr std::array<std::string_view, 6> kLinkWords{"auto", "packet", "xdp", "tap", "tun", "raw"};
constexpr std::array<std::optional<lab::LinkKind>, 6> kLinks{std::nullopt,       lab::LinkKind::packet,
                                                             lab::LinkKind::xdp, lab::LinkKind::tap,
                                                             lab::LinkKind::tun, lab::LinkKind::raw};
constexpr std::array<std::string_view, 3> kOffloadWords{"auto", "on", "off"};
constexpr std::array kOffloads{lab::Offloads::automatic, lab::Offloads::on, lab::Offloads::off};

struct LabOptions {
  lab::LabConfig config;
  std::optional<double> loss_out, loss_back;
  std::optional<lab::LinkKind> link;
  std::string folder = ".";
  bool no_server = false;
  bool quiet = false;
  std::vector<std::string> command;
};

int fail_lab(const std::string& message) {
  complain("lab", message);
  return kFailed;
}

/// The link that was asked for, or the best; nothing, with a complaint, when it is not there.
std::optional<lab::LinkKind> chosen_link(const Lab& lab, const LabOptions& options) {
  const lab::LinkKind kind = options.link.value_or(lab.best_link());
  if (!lab.has(kind)) {
    fail_lab(lab.tun_refusal() + ". --link packet needs no such device");
    return std::nullopt;
  }
  if (!options.link && kind == lab::LinkKind::packet && !options.quiet) {
    fail_lab("no TAP device (" + lab.tun_refusal() + "), so Leat's link is AF_PACKET on a veth interface");
  }
  return kind;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> environment_for(const lab::LeatHost& host, const std::string& url) {
  std::vector<std::string> variables{
      "LEAT_LINK=" + host.link,
      "LEAT_ADDRESS=" + host.address,
      "LEAT_GATEWAY=" + host.gateway,
      "LEAT_LAB_LINK=" + host.link,
      "LEAT_LAB_ADDRESS=" + host.address,
      "LEAT_LAB_GATEWAY=" + host.gateway,
      "LEAT_LAB_OPTIONS=" + joined(host.arguments()),
      std::string("LEAT_LAB_FAR=") + Lab::kFarAddress,
  };
  if (!url.empty()) variables.push_back("LEAT_LAB_URL=" + url);
  // This very `leat` first; and an ordinary user's PATH lacks ip, nft and the like.
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  const char* path = std::getenv("PATH");
  variables.push_back("PATH=" + self.parent_path().string() + ":" + (path == nullptr ? "/usr/bin:/bin" : path) +
                      ":/usr/sbin:/sbin");
  return variables;
}

void greet(const Lab& lab, const std::string& url, const std::string& folder) {
  const lab::Loss loss = lab.config().loss;
  fmt::print(stderr,
             "This shell is in the lab's near place: a host of its own, no way out of the lab.\n"
             "  far             {} (the kernel's TCP)\n"
             "  loss            {:g} % out, {:g} % back\n",
             Lab::kFarAddress, loss.out, loss.back);
  if (!url.empty()) fmt::print(stderr, "  web server      {}/ serves {}\n", url, folder);
  for (unsigned i = 0; i < lab.config().clients; ++i) {
    fmt::print(stderr, "  client {}        {}\n", i, Lab::client_address(i));
  }
  fmt::print(stderr, "Try:\n  leat get {}/FILE\nexit ends the lab; nothing of it remains.\n",
             url.empty() ? "http://ADDRESS" : "$LEAT_LAB_URL");
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Prints what the middle has counted; false when the loss asked for did not happen.
bool report(const Lab& lab, bool quiet) {
  const auto counters = lab.counters();
  if (!counters) {
    fail_lab(counters.error().message);
    return false;
  }
  if (!quiet) {
    fmt::print(stderr,
               "leat lab: near to far {} frames, {} lost ({:.1f} %); far to near {} frames, {} lost ({:.1f} %)\n",
               counters->seen_out, counters->lost_out, percent(counters->lost_out, counters->seen_out),
               counters->seen_back, counters->lost_back, percent(counters->lost_back, counters->seen_back));
  }
  if (!loss_is_missing(lab.config().loss, *counters)) return true;
  fail_lab("frames passed and none was lost, though loss was asked for: the firewall rule does not work here");
  return false;
}

int run_lab(const LabOptions& options) {
  std::error_code error;
  const std::string folder = std::filesystem::canonical(options.folder, error).string();
  if (error) return fail_lab(options.folder + ": " + error.message());
  auto made = Lab::create(options.config);
  if (!made) return fail_lab(made.error().message);
  const Lab& lab = *made;
  const auto link = chosen_link(lab, options);
  if (!link) return 1;

  std::optional<lab::WebServer> server;
  if (!options.no_server) {
    auto started = lab::WebServer::start(lab, folder);
    if (!started) return fail_lab(started.error().message + " (--no-server does without)");
    server.emplace(std::move(*started));
  }
  const std::string url = server ? server->base_url() : std::string();

  std::vector<std::string> command = options.command;
  if (command.empty()) {
    const char* shell = std::getenv("SHELL");
    command = {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
    if (!options.quiet) greet(lab, url, folder);
  }
  if (command.front() == "leat") command.front() = "/proc/self/exe";  // this very one, though it be in no PATH
  lab::SpawnOptions spawn;
  spawn.environment = environment_for(lab.leat_host(*link), url);
  spawn.input = spawn.output = spawn.errors = lab::Stream::inherit;
  spawn.own_group = false;
  auto process = lab.spawn(lab::kNear, command, spawn);
  if (!process) return fail_lab(process.error().message);
  const lab::ExitStatus status = lab::wait_in_foreground(*process);
  const bool as_wished = report(lab, options.quiet);
  return status.success() && !as_wished ? 1 : status.shell_code();
}

constexpr const char* kLabDescription = R"(run a command, or a shell, in a small network of its own

The lab is three network namespaces in a row. COMMAND runs in the one called near, which is where Leat belongs. far has
a web server on the kernel's own TCP, at 10.77.2.2. The middle forwards, counts and loses. Leat has an address of its
own; near's kernel is a host beside it, so that curl works there as well, for comparison.

As an ordinary user the lab lives in a user namespace, in which that user is root. Whatever ends this command, nothing
of the lab remains: no process, namespace, interface or firewall rule.)";

constexpr const char* kLabFooter = R"(EXIT STATUS
COMMAND's own; 1 when there can be no lab here, or when the loss asked
for did not happen.

ENVIRONMENT
COMMAND finds these:
LEAT_LINK, LEAT_ADDRESS, LEAT_GATEWAY
       What puts Leat on the network; leat get uses them by itself.
LEAT_LAB_LINK, LEAT_LAB_ADDRESS, LEAT_LAB_GATEWAY
       The same, for scripts.
LEAT_LAB_OPTIONS
       The same as options: --link ... --address ... --gateway ...
LEAT_LAB_URL
       The web server. Below it: /FILE; with nginx also /chunked/FILE,
       /until-close/FILE, /rate/100k/FILE (bytes a second) and
       /redirect/FILE.
LEAT_LAB_FAR
       far's address.

EXAMPLES
A shell in the lab:
  leat lab

A download where one frame in twenty is lost each way:
  leat lab --loss 5 -- sh -c 'leat get $LEAT_LAB_URL/FILE'

The kernel's TCP, when no answer comes through:
  leat lab --loss-back 100 -- curl -m 5 http://10.77.2.2/

SEE ALSO
network_namespaces(7), user_namespaces(7), nft(8)
)";

expected<double, std::string> parse_percentage(std::string_view text) {
  const std::string number(text);
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (!number.empty() && *end == '\0' && value >= 0 && value <= 100) return value;
  return unexpected("\"" + number + "\" is not a percentage; want a number from 0 to 100");
}

/// Of a list of words, the place of the one given.
template <std::size_t N>
expected<std::size_t, std::string> parse_word(std::string_view text, const std::array<std::string_view, N>& words) {
  std::string wanted;
  for (std::size_t i = 0; i < N; ++i) {
    if (words[i] == text) return i;
    wanted += (i == 0 ? "" : ", ") + std::string(words[i]);
  }
  return unexpected("\"" + std::string(text) + "\" is none of " + wanted);
}

void add_options(CLI::App& command, LabOptions& options) {
  add_value(command, "--loss", "P", "The share of frames that the middle loses, in percent, each way.",
            parse_percentage, [&options](double p) {
              options.config.loss = {p, p};
            });
  add_value(command, "--loss-out", "P", "The same from near to far; goes before --loss.", parse_percentage,
            [&options](double p) { options.loss_out = p; });
  add_value(command, "--loss-back", "P", "The same from far to near.", parse_percentage,
            [&options](double p) { options.loss_back = p; });
  add_value(
      command, "--clients", "N",
      "More hosts with the kernel's TCP beyond the middle: 10.77.2.10, 10.77.2.11 and so on.",
      [](std::string_view text) { return parse_number(text, 0, lab::kMaxClients); },
      [&options](std::uint64_t n) { options.config.clients = static_cast<unsigned>(n); });
  add_value(
      command, "--link", "KIND",
      "Leat's link: packet (AF_PACKET on a veth interface), tap, tun, raw (on the address of near's kernel) or auto, "
      "which takes tap where /dev/net/tun can be opened. Default: auto.",
      [](std::string_view text) { return parse_word(text, kLinkWords); },
      [&options](std::size_t i) { options.link = kLinks[i]; });
  add_value(
      command, "--offloads", "WHEN",
      "Segmentation offloads of the links: on, off or auto, which is on without loss and off with it, so that single "
      "wire frames are lost and not 64 kB at once. Default: auto.",
      [](std::string_view text) { return parse_word(text, kOffloadWords); },
      [&options](std::size_t i) { options.config.offloads = kOffloads[i]; });
  add_value(
      command, "--serve", "FOLDER", "The folder that the web server serves. Default: the current one.",
      [](std::string_view text) -> expected<std::string, std::string> { return std::string(text); },
      [&options](std::string folder) { options.folder = std::move(folder); });
  command.add_flag("--no-server", options.no_server, "Do without the web server.");
  command.add_flag("-q,--quiet", options.quiet, "Print nothing but errors.");
  command.add_option("command", options.command, "What to run, after --; a shell when there is none.")
      ->type_name("COMMAND");
}

}  // namespace

void add_lab(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<LabOptions>();
  CLI::App* command = app.add_subcommand("lab", kLabDescription);
  command->footer(kLabFooter);
  add_options(*command, *options);
  command->callback([options, &exit_code] {
    lab::Loss& loss = options->config.loss;
    loss = {options->loss_out.value_or(loss.out), options->loss_back.value_or(loss.back)};
    exit_code = run_lab(*options);
  });
}

}  // namespace leat::command
