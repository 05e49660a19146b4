#include "site.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <random>

#include "device/af_xdp.h"
#include "lab/tools.h"

namespace leat::interop {

namespace fs = std::filesystem;

std::string missing_programs(const std::vector<std::string>& programs) {
  for (const std::string& program : programs) {
    if (const auto found = lab::find_tool(program); !found) return found.error().message;
  }
  return {};
}

Folder::Folder() {
  std::string name = fs::temp_directory_path() / "leat-interop-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no temporary folder";
  path_ = name;
  ::chmod(name.c_str(), 0777);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_noise(const fs::path& path, std::size_t size) {
  std::mt19937_64 random(size);
  std::vector<std::uint64_t> words(size / 8 + 1);
  for (std::uint64_t& word : words) word = random();
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(words.data()), static_cast<std::streamsize>(size));
  if (!file.flush()) ADD_FAILURE() << "cannot write " << path;
}

std::string sha256_of(const lab::Lab& lab, const fs::path& path) {
  const auto line = lab.run_tool(lab::kFar, {"sha256sum", "--", path.string()});
  if (!line) {
    ADD_FAILURE() << line.error().message;
    return {};
  }
  return line->substr(0, 64);
}

std::vector<std::string> leat_get(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> arguments) {
  std::vector<std::string> command{LEAT_BINARY, "get"};
  for (std::string& word : lab.leat_host(link).arguments()) command.push_back(std::move(word));
  for (std::string& word : arguments) command.push_back(std::move(word));
  return command;
}

std::string refusal_of_link(const lab::Lab& lab, lab::LinkKind link) {
  if (!lab.has(link)) {
    return "no " + name_of(link) + " device: " + lab.tun_refusal() +
           "; run the tests as root, or let /dev/net/tun be opened";
  }
  if (link != lab::LinkKind::xdp && link != lab::LinkKind::xdp_shared) return {};
  const auto refusal = xdp_refusal();
  return refusal ? refusal->message : "";
}

std::string name_of(lab::LinkKind link) {
  switch (link) {
    case lab::LinkKind::packet: return "packet";
    case lab::LinkKind::tap: return "tap";
    case lab::LinkKind::tun: return "tun";
    case lab::LinkKind::packet_shared: return "packet_shared";
    case lab::LinkKind::raw: return "raw";
    case lab::LinkKind::xdp: return "xdp";
    case lab::LinkKind::xdp_shared: return "xdp_shared";
  }
  return {};
}

}  // namespace leat::interop

namespace leat::lab {

void PrintTo(LinkKind link, std::ostream* out) { *out << interop::name_of(link); }

}  // namespace leat::lab
