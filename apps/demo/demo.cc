// leat-demo FOLDER: makes a lab that loses 5 % of the frames each way, downloads a file from a real web server in it
// with `leat get`, and prints what happened. Then the lab loses 10 %, and `leat serve` sends FOLDER/picture.http to
// real clients. The exit status is 0 only when every byte is right and the path has really lost frames. ./demo calls
// it.
#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/random.h"
#include "failure.h"
#include "lab/lab.h"
#include "lab/web_server.h"
#include "serving.h"
#include "tale.h"

namespace leat::demo {
namespace {

namespace fs = std::filesystem;

constexpr double kLossPercent = 5, kLossPercentServing = 10;
constexpr std::uint64_t kBytes = 50'000'000;

constexpr const char* kHelp = R"(usage: leat-demo FOLDER

Downloads 50 MB with leat get over a path that loses 5 % of the frames, then sends FOLDER/picture.http to wget and curl
with leat serve over a path that loses 10 %. Everything happens in network namespaces, and every byte is checked.
FOLDER receives the files. tools/make_picture.py --response FOLDER/picture.http makes the picture; ./demo does all of it.
)";

void write_page(const fs::path& path) {
  std::string content(kBytes, '\0');
  Random random({1, 2});
  for (std::size_t i = 0; i + 8 <= content.size(); i += 8) {
    const std::uint64_t word = random.next();
    std::memcpy(content.data() + i, &word, 8);
  }
  std::ofstream out(path, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  if (!out.flush()) throw Failure{"cannot write " + path.string()};
}

/// Reads the counter from the output of nstat: "TcpRetransSegs   123   0.0".
std::uint64_t server_retransmissions(const lab::Lab& lab) {
  const std::string name = "TcpRetransSegs";
  const std::string listing = check(lab.run_tool(lab::kFar, {"nstat", "-asz", name}));
  const std::size_t at = listing.find(name);
  return at == listing.npos ? 0 : std::strtoull(listing.c_str() + at + name.size(), nullptr, 10);
}

std::map<std::string, std::string> download(const lab::Lab& lab, const std::string& url, const fs::path& saved) {
  std::vector<std::string> argv{leat_binary(), "get"};
  const std::vector<std::string> host = lab.leat_host(lab.best_link()).arguments();
  argv.insert(argv.end(), host.begin(), host.end());
  argv.insert(argv.end(), {"--fail", "--output", saved, "--write-out", write_out_format(), url});
  lab::SpawnOptions options;
  if (isatty(STDERR_FILENO)) options.errors = lab::Stream::inherit;  // shows its progress
  lab::Process get = check(lab.spawn(lab::kNear, argv, options));
  const lab::ExitStatus status = get.wait();
  if (!status.success()) throw Failure{fmt::format("leat get ended with {}\n{}", status.to_string(), get.errors())};
  return parse_facts(get.output());
}

void verify(Story& s) {
  if (s.facts["http_code"] != "200") throw Failure{"the server answered " + s.facts["http_code"]};
  if (s.facts["size_download"] != std::to_string(kBytes)) {
    throw Failure{fmt::format("{} bytes arrived instead of {}", s.facts["size_download"], kBytes)};
  }
  if (s.sha256_served != s.sha256_saved) {
    throw Failure{
        fmt::format("the file is damaged: SHA-256 {} was served, {} was saved", s.sha256_served, s.sha256_saved)};
  }
  if (s.middle.lost_out == 0 || s.middle.lost_back == 0) {
    throw Failure{"the middle lost no frames: this was no test of anything"};
  }
}

void run(const fs::path& folder) {
  const char* no_color = std::getenv("NO_COLOR");
  const Teller teller(isatty(STDOUT_FILENO) && (no_color == nullptr || *no_color == '\0'));
  fs::create_directories(folder / "www");
  const fs::path served = folder / "www" / "leat.bin", saved = folder / "leat.bin";
  fs::remove(saved);
  write_page(served);
  teller.opening(kLossPercent, kBytes);

  lab::LabConfig config;
  config.loss = {.out = kLossPercent, .back = kLossPercent};
  lab::Lab lab = check(lab::Lab::create(config));
  const lab::WebServer server = check(lab::WebServer::start(lab, folder / "www"));

  Story story;
  story.link = lab.leat_host(lab.best_link()).link;
  story.link_reason = lab.best_link() == lab::LinkKind::packet
                          ? "an AF_PACKET socket on a veth interface: " + lab.tun_refusal()
                          : "a TAP device: /dev/net/tun can be opened here";
  story.server = server.is_nginx() ? "nginx" : "python3's http.server";
  story.saved_as = fs::relative(saved);
  story.facts = download(lab, server.base_url() + "/leat.bin", saved);
  story.middle = check(lab.counters());
  story.server_retransmissions = server_retransmissions(lab);
  story.sha256_served = sha256_of(lab, served);
  story.sha256_saved = sha256_of(lab, saved);
  verify(story);
  teller.tell(story);

  teller.opening_of_serving(kLossPercentServing);
  check(lab.set_loss({.out = kLossPercentServing, .back = kLossPercentServing}));
  teller.tell(serve_picture(lab, folder));
  teller.ending();
}

}  // namespace
}  // namespace leat::demo

int main(int argc, char** argv) {
  const std::string argument = argc == 2 ? argv[1] : "";
  if (argument == "-h" || argument == "--help") {
    std::fputs(leat::demo::kHelp, stdout);
    return 0;
  }
  if (argument.empty() || argument.front() == '-') {
    std::fprintf(stderr, "leat-demo: expected one folder; see leat-demo --help\n");
    return 2;
  }
  try {
    leat::demo::run(std::filesystem::absolute(argument));
    return 0;
  } catch (const leat::demo::Failure& failure) {
    std::fprintf(stderr, "demo: %s\n", failure.message.c_str());
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "demo: %s\n", failure.what());
  }
  return 1;
}
