#include "lab.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "lab/foreground.h"
#include "lab/lab.h"
#include "lab/web_server.h"

namespace leat::command {
namespace {

using lab::Lab;
using lab::LinkKind;

struct Options {
  double loss = 0;
  std::optional<double> loss_out, loss_back;
  unsigned clients = 0;
  std::string link = "auto";
  std::string offloads = "auto";
  std::string folder = ".";
  bool no_server = false;
  bool quiet = false;
  std::vector<std::string> command;
};

int complain(const std::string& message) {
  fmt::print(stderr, "leat lab: {}\n", message);
  return 1;
}

lab::LabConfig config_of(const Options& options) {
  const std::map<std::string, lab::Offloads> offloads{
      {"auto", lab::Offloads::automatic}, {"on", lab::Offloads::on}, {"off", lab::Offloads::off}};
  lab::LabConfig config;
  config.loss = {options.loss_out.value_or(options.loss), options.loss_back.value_or(options.loss)};
  config.clients = options.clients;
  config.offloads = offloads.at(options.offloads);
  return config;
}

/// The link that was asked for; nothing, with a complaint, when it is not there.
std::optional<LinkKind> chosen_link(const Lab& lab, const Options& options) {
  const std::map<std::string, LinkKind> kinds{
      {"auto", lab.best_link()}, {"packet", LinkKind::packet}, {"tap", LinkKind::tap}, {"tun", LinkKind::tun}};
  const LinkKind kind = kinds.at(options.link);
  if (!lab.has(kind)) {
    complain("no " + options.link + " device here: " + lab.tun_refusal() + ". --link packet needs none");
    return std::nullopt;
  }
  if (options.link == "auto" && kind == LinkKind::packet && !options.quiet) {
    complain("no TAP device (" + lab.tun_refusal() + "), so Leat's link is a veth pair with AF_PACKET");
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
  fmt::print(stderr, "Try:\n  leat get $LEAT_LAB_OPTIONS {}/FILE\nexit ends the lab; nothing of it remains.\n",
             url.empty() ? "http://ADDRESS" : "$LEAT_LAB_URL");
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

/// True when so many frames passed that not to lose one has a chance below one in a billion.
bool loss_did_not_happen(double loss, std::uint64_t seen, std::uint64_t lost) {
  return lost == 0 && loss * static_cast<double>(seen) / 100 > 21;
}

/// Prints what the middle has counted; false when the loss asked for did not happen.
bool report(const Lab& lab, bool quiet) {
  const auto counters = lab.counters();
  if (!counters) {
    complain(counters.error().message);
    return false;
  }
  if (!quiet) {
    fmt::print(stderr,
               "leat lab: near to far {} frames, {} lost ({:.1f} %); far to near {} frames, {} lost ({:.1f} %)\n",
               counters->seen_out, counters->lost_out, percent(counters->lost_out, counters->seen_out),
               counters->seen_back, counters->lost_back, percent(counters->lost_back, counters->seen_back));
  }
  const lab::Loss loss = lab.config().loss;
  if (!loss_did_not_happen(loss.out, counters->seen_out, counters->lost_out) &&
      !loss_did_not_happen(loss.back, counters->seen_back, counters->lost_back)) {
    return true;
  }
  complain("frames passed and none was lost, though loss was asked for: the firewall rule does not work here");
  return false;
}

int run(const Options& options) {
  auto made = Lab::create(config_of(options));
  if (!made) return complain(made.error().message);
  const Lab& lab = *made;
  const auto link = chosen_link(lab, options);
  if (!link) return 1;

  std::optional<lab::WebServer> server;
  std::error_code error;
  const std::string folder = std::filesystem::canonical(options.folder, error).string();
  if (error) return complain(options.folder + ": " + error.message());
  if (!options.no_server) {
    auto started = lab::WebServer::start(lab, folder);
    if (!started) return complain(started.error().message + " (--no-server does without)");
    server.emplace(std::move(*started));
  }
  const std::string url = server ? server->base_url() : std::string();

  std::vector<std::string> command = options.command;
  if (command.empty()) {
    const char* shell = std::getenv("SHELL");
    command = {shell == nullptr || *shell == '\0' ? "/bin/sh" : shell};
    if (!options.quiet) greet(lab, url, folder);
  }
  lab::SpawnOptions spawn;
  spawn.environment = environment_for(lab.leat_host(*link), url);
  spawn.input = spawn.output = spawn.errors = lab::Stream::inherit;
  spawn.own_group = false;
  auto process = lab.spawn(lab::kNear, command, spawn);
  if (!process) return complain(process.error().message);
  const lab::ExitStatus status = lab::wait_in_foreground(*process);
  const bool as_wished = report(lab, options.quiet);
  return status.success() && !as_wished ? 1 : status.shell_code();
}

constexpr const char* kFooter =
    R"(The lab is three network namespaces in a row. near is where COMMAND runs and where Leat belongs; far has a
web server on the kernel's own TCP; the middle forwards, counts and loses. Leat has an address of its own.

COMMAND finds in its environment:
  LEAT_LAB_OPTIONS   the options that put Leat on the network, for `leat get $LEAT_LAB_OPTIONS URL`
  LEAT_LAB_LINK, LEAT_LAB_ADDRESS, LEAT_LAB_GATEWAY   the same, one by one
  LEAT_LAB_URL       the web server; below it /FILE and, if it is nginx, /chunked/FILE, /until-close/FILE,
                     /rate/100k/FILE (bytes a second) and /redirect/FILE
  LEAT_LAB_FAR       the far place's address

As an ordinary user the lab lives in a user namespace, in which that user is root. Whatever ends this
command, nothing of the lab remains: no process, namespace, interface or firewall rule.

Exit status: COMMAND's; 1 when there can be no lab or when the loss asked for did not happen.

Examples:
  leat lab                                                 a shell in the lab
  leat lab --loss 5 -- sh -c 'leat get $LEAT_LAB_OPTIONS $LEAT_LAB_URL/README.md'
  leat lab --loss-back 100 -- curl -m 5 http://10.77.2.2/  the kernel's TCP, when no answer comes through)";

}  // namespace

void add_lab(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("lab", "Run a command, or a shell, in a small Internet of its own");
  command->footer(kFooter);
  const CLI::Range percentage(0.0, 100.0, "0-100");
  command->add_option("--loss", options->loss, "Frames to lose in the middle, in percent, each way")
      ->check(percentage)
      ->type_name("P");
  command->add_option("--loss-out", options->loss_out, "The same, from near to far only")
      ->check(percentage)
      ->type_name("P");
  command->add_option("--loss-back", options->loss_back, "The same, from far to near only")
      ->check(percentage)
      ->type_name("P");
  command
      ->add_option("--clients", options->clients, "More hosts with the kernel's TCP beyond the middle: 10.77.2.10 ...")
      ->check(CLI::Range(0u, lab::kMaxClients))
      ->type_name("N");
  command
      ->add_option(
          "--link", options->link,
          "Leat's link: packet (veth and AF_PACKET), tap, tun; auto takes tap where /dev/net/tun can be opened")
      ->check(CLI::IsMember({"auto", "packet", "tap", "tun"}))
      ->type_name("KIND");
  command
      ->add_option("--offloads", options->offloads,
                   "Segmentation offloads of the links; auto is on without loss, off with it, so that single wire "
                   "frames are lost")
      ->check(CLI::IsMember({"auto", "on", "off"}))
      ->type_name("WHEN");
  command->add_option("--serve", options->folder, "The folder that far's web server serves (default: the current one)")
      ->check(CLI::ExistingDirectory)
      ->type_name("FOLDER");
  command->add_flag("--no-server", options->no_server, "No web server");
  command->add_flag("-q,--quiet", options->quiet, "Say nothing but errors");
  command->add_option("command", options->command, "What to run, after --; a shell when there is none")
      ->type_name("COMMAND");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace leat::command
