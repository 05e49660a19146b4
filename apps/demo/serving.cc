#include "serving.h"

#include <fmt/core.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "failure.h"
#include "lab/loss.h"

namespace leat::demo {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kPatience{300};

/// The body of the recorded response.
std::string picture_in(const fs::path& response) {
  std::ifstream file(response, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end = text.find("\r\n\r\n");
  if (end == text.npos) throw Failure{response.string() + " is no HTTP response; ./demo makes one"};
  return text.substr(end + 4);
}

/// Reads a counter from the final output of `leat serve --stats`.
std::uint64_t counter(const std::string& stats, const std::string& name) {
  const std::size_t at = stats.find("\n" + name + " ");
  return at == stats.npos ? 0 : std::strtoull(stats.c_str() + at + 1 + name.size(), nullptr, 10);
}

lab::Process start_server(const lab::Lab& lab, const fs::path& response) {
  std::vector<std::string> argv{leat_binary(), "serve", "--quiet", "--stats", "--replay", response};
  const std::vector<std::string> host = lab.leat_host(lab.best_link()).arguments();
  argv.insert(argv.end(), host.begin(), host.end());
  lab::Process server = check(lab.spawn(lab::kNear, argv));
  if (!server.wait_for_errors(" on ", std::chrono::seconds(30))) throw Failure{"leat serve: " + server.errors()};
  return server;
}

ServingStory::Client fetch(const lab::Lab& lab, const std::vector<std::string>& argv, const fs::path& saved) {
  const auto began = Clock::now();
  lab::Process client = check(lab.spawn(lab::kFar, argv));
  const auto ended = client.wait_for(kPatience);
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  if (!ended) throw Failure{fmt::format("{} did not come to its end in {} s", argv.front(), kPatience.count())};
  if (!ended->success()) throw Failure{fmt::format("{}: {}\n{}", argv.front(), ended->to_string(), client.errors())};
  return {argv.front(), seconds, sha256_of(lab, saved), fs::relative(saved)};
}

}  // namespace

ServingStory serve_picture(const lab::Lab& lab, const fs::path& folder) {
  const fs::path response = folder / "picture.http", picture = folder / "picture.png";
  const fs::path by_wget = folder / "by-wget.png", by_curl = folder / "by-curl.png";
  for (const fs::path& old : {by_wget, by_curl}) fs::remove(old);
  ServingStory s;
  const std::string content = picture_in(response);
  s.bytes = content.size();
  std::ofstream(picture, std::ios::binary) << content;
  s.sha256_served = sha256_of(lab, picture);

  const lab::MiddleCounters before = check(lab.counters());
  lab::Process server = start_server(lab, response);
  const std::string address = lab.leat_host(lab.best_link()).address;
  const std::string url = "http://" + address.substr(0, address.find('/')) + ":8080/picture.png";
  s.clients.push_back(fetch(lab, {"wget", "-nv", "--tries=1", "--no-proxy", "-O", by_wget, url}, by_wget));
  s.clients.push_back(fetch(lab, {"curl", "-sS", "--fail", "--noproxy", "*", "-o", by_curl, url}, by_curl));
  server.signal(SIGINT);
  server.wait();
  s.sent = counter(server.errors(), "TcpOutSegs");
  s.sent_again = counter(server.errors(), "TcpRetransSegs");
  s.time_outs = counter(server.errors(), "TcpExtTCPTimeouts");
  const lab::MiddleCounters after = check(lab.counters());
  s.middle.seen_out = after.seen_out - before.seen_out, s.middle.lost_out = after.lost_out - before.lost_out;
  s.middle.seen_back = after.seen_back - before.seen_back, s.middle.lost_back = after.lost_back - before.lost_back;

  for (const ServingStory::Client& client : s.clients) {
    if (client.sha256 == s.sha256_served) continue;
    throw Failure{fmt::format("{} got something else: SHA-256 {} was served, {} was saved", client.name,
                              s.sha256_served, client.sha256)};
  }
  if (lab::loss_is_missing(lab.config().loss, s.middle)) throw Failure{"the middle lost no frames of leat serve"};
  return s;
}

}  // namespace leat::demo
