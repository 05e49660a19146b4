#include "cli/http/get_command.h"

#include <algorithm>
#include <memory>

#include "cli/units.h"
#include "cli/value_option.h"

namespace leat::command {
namespace {

constexpr const char* kGetGroup = "Transfer options";

constexpr const char* kGetDescription = R"(fetch URLs to files through a TCP/IP stack of its own

Each URL is fetched with HTTP/1.1 over Leat's own Ethernet, IP and TCP, and saved in the current folder under the
last component of its path, or as index.html when there is none. The kernel's TCP takes no part, and is not
disturbed: the host that fetches shares the machine's addresses by raw sockets, on ports that it reserves, or has an
address of its own, on a TAP device or beside a network interface.

A file appears under its name only when it is complete. Until then its bytes are in FILE.part, which stays when a
transfer fails or is interrupted; -C - goes on from there. A file that was there before is replaced at that moment
and not earlier.

URLs are http: ones; without a scheme, http:// is assumed. Names are looked up by the system's resolver. Several
URLs are fetched one after the other by one host, over one connection where the server allows that.)";

constexpr const char* kGetFooter = R"(EXIT STATUS
As curl's. With several URLs it is that of the last one that failed.
  0    All is well.
  1    A protocol that is not supported: https, HTTP/2, IPv6.
  2    A bad option, no link, or a link that cannot be opened.
  3    Not a URL.
  6    The host's name cannot be resolved.
  7    The connection was refused, or the host cannot be reached.
  18   The connection ended before the file was complete.
  22   An HTTP status of 400 or more, with --fail or --continue-at.
  23   The file or standard output cannot be written, or binary data was
       kept from a terminal.
  28   A time-out: while connecting, without data, or by --max-time.
  33   The server cannot resume the download.
  47   Too many redirects.
  52   The server closed the connection without an answer.
  55   The request cannot be sent.
  56   The connection was reset, or the answer is malformed.
  129, 130, 143
       Ended by SIGHUP, SIGINT or SIGTERM.

)";

constexpr const char* kGetExamples = R"(
FILES
FILE.part
       What has arrived of FILE. Where the file system has extended
       attributes, one remembers the server's entity tag or date, so that
       a resumed download is not glued together from two versions.

EXAMPLES
By raw sockets, as root or after sudo setcap cap_net_raw+ep LEAT:
  leat get http://192.0.2.7/file

In a network of its own, which loses one frame in twenty each way:
  leat lab --loss 5 -- leat get http://10.77.2.2/big.iso

Through a TAP device that root made for you, telling what happens:
  leat get -v --link tap:leat0 --address 10.9.0.2/24 http://10.9.0.1/

With small segments and a report for a script:
  leat get --mss 512 -s -o /dev/null -w '%{json}\n' http://10.9.0.1/file

Go on where the last one stopped:
  leat get -C - http://10.9.0.1/big.iso

SEE ALSO
curl(1), ss(8), nstat(8), ip-tuntap(8)
)";

void add_transfer_flag(CLI::App& command, const std::string& names, bool& flag, const std::string& description) {
  command.add_flag(names, flag, description)->group(kGetGroup);
}

void add_transfer_time(CLI::App& command, const std::string& names, std::optional<Duration>& into,
                       const std::string& description) {
  add_value(
      command, names, "T", description, [](std::string_view text) { return parse_duration(text, kLongestWait); },
      [&into](Duration d) { into = d; })
      ->group(kGetGroup);
}

expected<bool, std::string> parse_continue_at(std::string_view text) {
  if (text == "-") return true;
  return unexpected("\"" + std::string(text) + "\" is not supported; only \"-\": go on where FILE.part ends");
}

std::string write_out_help() {
  std::string names;
  for (const std::string_view name : http::WriteOut::variables()) names += " " + std::string(name);
  return "Print FORMAT to standard output after each transfer, with %{variables} filled in and the escapes \\n, \\r, "
         "\\t. "
         "Times are in seconds; facts of TCP are those of the last connection. %{json} is all of them. The variables:" +
         names + ".";
}

void add_output_options(CLI::App& command, GetOptions& options) {
  add_value(
      command, "-o,--output", "FILE",
      "Save to FILE; - is standard output, which gets no binary data when it is a terminal. With several URLs, the "
      "first -o is for the first, and so on.",
      [](std::string_view text) -> expected<std::string, std::string> {
        if (text.empty()) return unexpected(std::string("an empty file name"));
        return std::string(text);
      },
      [&options](std::string file) { options.outputs.push_back(std::move(file)); }, true)
      ->group(kGetGroup);
  add_value(command, "-C,--continue-at", "-",
            "Go on with an earlier download: ask for the rest of FILE.part, or of FILE. When the server's file has "
            "changed, or the server cannot resume, the download starts again.",
            parse_continue_at, [&options](bool resume) { options.fetch.resume = resume; })
      ->group(kGetGroup);
  add_transfer_flag(command, "-i,--include", options.fetch.include_head, "Write the response's head before the body.");
  add_transfer_flag(command, "-I,--head", options.fetch.head_only,
                    "Ask for the head alone, and write it to standard output or to -o.");
  add_value(
      command, "-w,--write-out", "FORMAT", write_out_help(),
      [](std::string_view text) { return http::WriteOut::parse(text); },
      [&options](http::WriteOut format) { options.write_out = std::move(format); })
      ->group(kGetGroup);
  add_transfer_flag(command, "-s,--silent", options.silent, "No progress, no errors.");
  add_transfer_flag(command, "-S,--show-error", options.show_error, "Errors in spite of --silent.");
}

void add_request_options(CLI::App& command, GetOptions& options) {
  add_transfer_flag(command, "-f,--fail", options.fetch.fail_on_error,
                    "Fail at an HTTP status of 400 or more, with exit status 22, and save nothing.");
  add_transfer_flag(command, "-L,--location", options.fetch.follow_redirects, "Follow redirects.");
  add_value(
      command, "--max-redirs", "N", "Follow at most N redirects; -1: any number. Default: 50.",
      [](std::string_view text) -> expected<std::optional<unsigned>, std::string> {
        if (text == "-1") return std::optional<unsigned>();
        auto number = parse_number(text, 0, 1000000);
        if (!number) return unexpected(number.error());
        return std::optional(static_cast<unsigned>(*number));
      },
      [&options](std::optional<unsigned> n) { options.fetch.max_redirects = n; })
      ->group(kGetGroup);
  add_value(
      command, "--resolve", "HOST:PORT:ADDR",
      "Connect to ADDR for HOST and PORT, without asking the resolver. Several addresses, divided by commas, are "
      "tried in their order. May be repeated.",
      http::parse_resolve_entry, [&options](http::ResolveEntry entry) { options.resolve.push_back(std::move(entry)); },
      true)
      ->group(kGetGroup);
  add_transfer_time(
      command, "--connect-timeout", options.fetch.connect_timeout,
      "The longest that connecting may take, such as 5 (seconds) or 500ms. Default: what --syn-retries allows.");
  add_transfer_time(
      command, "-m,--max-time", options.fetch.max_time,
      "The longest that a transfer may take as a whole. A transfer always fails when nothing has come for 180 s.");
}

}  // namespace

void add_get(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<GetOptions>();
  CLI::App* command = app.add_subcommand("get", kGetDescription);
  command->footer(std::string(kGetFooter) + kHostEnvironmentHelp + kGetExamples);
  add_value(
      *command, "url", "URL", "What to fetch.",
      [](std::string_view text) -> expected<std::string, std::string> { return std::string(text); },
      [options_ptr = options.get()](std::string url) { options_ptr->urls.push_back(std::move(url)); }, true)
      ->allow_extra_args(true)
      ->required();
  add_output_options(*command, *options);
  add_request_options(*command, *options);
  add_host_options(*command, options->host);
  command->callback([options, &exit_code] {
    const auto& fetch = options->fetch;
    if (options->outputs.size() > options->urls.size()) throw CLI::ValidationError("--output", "more files than URLs");
    if (fetch.resume && fetch.include_head) {
      throw CLI::ValidationError("--continue-at", "a file with heads in it (--include) cannot be resumed");
    }
    if (fetch.resume && std::count(options->outputs.begin(), options->outputs.end(), "-") > 0) {
      throw CLI::ValidationError("--continue-at", "standard output cannot be resumed");
    }
    const bool prints =
        fetch.head_only || options->write_out || std::count(options->outputs.begin(), options->outputs.end(), "-") > 0;
    if (prints) refuse_capture_on_output(options->host);
    exit_code = run_get(*options);
  });
}

}  // namespace leat::command
