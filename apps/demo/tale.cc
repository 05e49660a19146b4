#include "tale.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace leat::demo {
namespace {

constexpr std::array kFacts{"http_code", "size_download", "time_total",  "handshake",  "rtt",
                            "min_rtt",   "mss",           "retransmits", "rcv_ooopack"};

double number(const Story& s, const char* fact) {
  const auto found = s.facts.find(fact);
  return found == s.facts.end() ? 0 : std::atof(found->second.c_str());
}

/// Formats 1234567 as "1,234,567".
std::string grouped(double value) {
  std::string digits = fmt::format("{:.0f}", value);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
  return digits;
}

std::string ms(double seconds) { return fmt::format("{:.{}f} ms", seconds * 1e3, seconds < 0.01 ? 2 : 0); }

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::string write_out_format() {
  std::string out;
  for (const char* name : kFacts) out += fmt::format("{0}=%{{{0}}}\\n", name);
  return out;
}

std::map<std::string, std::string> parse_facts(const std::string& text) {
  std::map<std::string, std::string> facts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string row = text.substr(at, end - at);
    if (const std::size_t equals = row.find('='); equals != row.npos)
      facts[row.substr(0, equals)] = row.substr(equals + 1);
    at = end + 1;
  }
  return facts;
}

std::string Teller::paint(const char* code, const std::string& text) const {
  return colours_ ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

void Teller::line(const char* title, const std::string& text) const {
  fmt::print("  {} {}\n", strong(fmt::format("{:<10}", title)), text);
}

void Teller::more(const std::string& text) const { fmt::print("  {:<10} {}\n", "", text); }

void Teller::opening(double loss, std::uint64_t bytes) const {
  fmt::print(
      "\n{}\n\n",
      strong(fmt::format("{} MB through a TCP/IP stack of our own, over a path that loses {} % of the frames each way",
                         bytes / 1'000'000, loss)));
  fmt::print("    leat get  {}  middle  {}  web server\n", dim("-----"), dim("-----"));
  fmt::print("    {}\n\n", dim("our TCP         loses frames     the kernel's TCP"));
  std::fflush(stdout);
}

void Teller::tell_loss(const lab::MiddleCounters& m) const {
  line("Loss", fmt::format("the middle threw away {} of {} frames from us ({:.1f} %)", grouped(double(m.lost_out)),
                           grouped(double(m.seen_out)), percent(m.lost_out, m.seen_out)));
  more(fmt::format("and {} of {} frames to us ({:.1f} %)", grouped(double(m.lost_back)), grouped(double(m.seen_back)),
                   percent(m.lost_back, m.seen_back)));
}

void Teller::tell(const Story& s) const {
  const double seconds = number(s, "time_total");
  const double bytes = number(s, "size_download");
  line("Link", s.link + ", " + s.link_reason);
  line("Handshake",
       fmt::format("SYN, SYN-ACK, ACK in {}; MSS {}", ms(number(s, "handshake")), grouped(number(s, "mss"))));
  line("Download", fmt::format("{} bytes from {} in {:.2f} s: {:.1f} Mbit/s of goodput", grouped(bytes), s.server,
                               seconds, seconds > 0 ? bytes * 8 / seconds / 1e6 : 0));
  tell_loss(s.middle);
  line("Repair", fmt::format("{} segments came out of order and waited until a gap before them was closed",
                             grouped(number(s, "rcv_ooopack"))));
  more(fmt::format("the server sent {} segments again, we {}", grouped(double(s.server_retransmissions)),
                   grouped(number(s, "retransmits"))));
  line("RTT", fmt::format("{} at the end, {} at best", ms(number(s, "rtt")), ms(number(s, "min_rtt"))));
  line("SHA-256", s.sha256_served + dim("  as served"));
  more(s.sha256_saved + dim("  as saved in " + s.saved_as));
  more(good("identical: every byte arrived, once, in order"));
}

void Teller::opening_of_serving(double loss) const {
  fmt::print("\n{}\n\n",
             strong(fmt::format("And the other way round: Leat serves a picture, over a path that loses {} % each way",
                                loss)));
  fmt::print("    leat serve  {}  middle  {}  wget, then curl\n", dim("-----"), dim("-----"));
  fmt::print("    {}\n\n", dim("our TCP           loses frames     the kernel's TCP"));
  std::fflush(stdout);
}

void Teller::tell(const ServingStory& s) const {
  bool first = true;
  for (const ServingStory::Client& client : s.clients) {
    const std::string text =
        fmt::format("{} got {} bytes in {:.2f} s", client.name, grouped(double(s.bytes)), client.seconds);
    first ? line("Download", text) : more(text);
    first = false;
  }
  tell_loss(s.middle);
  line("Cost", fmt::format("we sent {} segments, and {} again, {} times after a time-out", grouped(double(s.sent)),
                           grouped(double(s.sent_again)), grouped(double(s.time_outs))));
  line("SHA-256", s.sha256_served + dim("  as recorded"));
  for (const ServingStory::Client& client : s.clients) more(client.sha256 + dim("  as saved in " + client.saved_as));
  more(good("identical: every byte arrived, once, in order"));
}

void Teller::ending() const {
  fmt::print(
      "\n  Try it yourself:  build/release/bin/leat get --help    build/release/bin/leat lab --help    ./test\n");
}

}  // namespace leat::demo
