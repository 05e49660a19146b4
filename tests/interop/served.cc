#include "served.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace leat::interop {

using namespace std::chrono_literals;

Served::Served(const lab::Lab& lab, lab::LinkKind link, std::vector<std::string> command, lab::SpawnOptions options) {
  // Memory that ASan keeps in quarantine after free() is no memory that the server holds.
  options.environment.push_back("ASAN_OPTIONS=quarantine_size_mb=8");
  const lab::LeatHost host = lab.leat_host(link);
  address_ = host.address.empty() ? lab::Lab::kNearKernelAddress : host.address.substr(0, host.address.find('/'));
  command.insert(command.begin(), std::string(LEAT_BINARY));
  const std::vector<std::string> arguments = host.arguments();
  command.insert(command.end(), arguments.begin(), arguments.end());
  auto process = lab.spawn(lab::kNear, command, options);
  if (!process) {
    ADD_FAILURE() << process.error().message;
    return;
  }
  process_ = std::move(*process);
  running_ = process_.wait_for_errors(" on ", 30s);
  if (!running_) ADD_FAILURE() << "it does not listen: " << process_.errors();
}

std::size_t Served::resident() const {
  std::ifstream statm("/proc/" + std::to_string(process_.pid()) + "/statm");
  std::size_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::string Served::end() {
  process_.signal(SIGINT);
  const auto ended = process_.wait_for(30s);
  EXPECT_TRUE(ended) << "it does not end";
  if (ended) {
    EXPECT_EQ(ended->shell_code(), 130) << ended->to_string() << ": " << process_.errors();
  }
  return process_.errors();
}

Recorded::Recorded(const lab::Lab& lab, const Folder& folder)
    : response(folder / "picture.http"), picture(folder / "picture.png") {
  const auto made = lab.run_tool(lab::kFar, {LEAT_SOURCE_DIR "/tools/make_picture.py", "--response", response});
  EXPECT_TRUE(made) << made.error().message;
  std::ifstream recorded(response, std::ios::binary);
  for (std::string line = "head"; line != "\r" && std::getline(recorded, line);) continue;
  std::ofstream(picture, std::ios::binary) << recorded.rdbuf();
  response_sha256 = sha256_of(lab, response);
  picture_sha256 = sha256_of(lab, picture);
}

void expect_success(lab::Process& process, std::chrono::seconds limit) {
  const auto ended = process.wait_for(limit);
  ASSERT_TRUE(ended) << "no end in sight: " << process.errors();
  EXPECT_TRUE(ended->success()) << ended->to_string() << ": " << process.errors();
}

std::uint64_t counter_in(const std::string& stats, const std::string& name) {
  const std::size_t at = stats.rfind("\n" + name + " ");
  return at == stats.npos ? 0 : std::strtoull(stats.c_str() + at + 1 + name.size(), nullptr, 10);
}

}  // namespace leat::interop
