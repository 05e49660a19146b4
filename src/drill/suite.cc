#include "drill/suite.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "drill/parser.h"
#include "drill/text.h"

namespace leat::drill {
namespace {

namespace fs = std::filesystem;
using WallClock = std::chrono::steady_clock;

constexpr auto kLongestRun = std::chrono::seconds(300);

std::vector<std::string> find_scripts(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const auto begin = files.size();
    for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
      if (entry.path().extension() == ".pkt") files.push_back(entry.path().string());
    }
    std::sort(files.begin() + static_cast<std::ptrdiff_t>(begin), files.end());
  }
  return files;
}

Verdict play_file(const std::string& file, const Arguments& arguments, const PlayScript& play_script) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return {Verdict::Kind::failed, concat(file, ": cannot be read\n"), {}};
  const auto script = parse_script(file, text.str(), arguments.settings);
  if (!script) return {Verdict::Kind::failed, script.error().to_string() + "\n", {}};
  if (script->settings.dry_run) return {};
  PlayOptions options = arguments.play;
  options.verbose |= script->settings.verbose;
  // Commands of a script name files beside it.
  if (const auto folder = fs::path(file).parent_path(); !folder.empty()) static_cast<void>(!::chdir(folder.c_str()));
  return play_script(*script, options);
}

struct Running {
  std::string file;
  pid_t child = -1;
  int pipe = -1;
  std::string report;  ///< a character for the kind, warnings, a zero, the message
  WallClock::time_point started;
};

constexpr std::array<char, 3> kKindLetters = {'P', 'F', 'S'};

[[noreturn]] void run_child(const std::string& file, const Arguments& arguments, const PlayScript& play_script,
                            int pipe) {
  const Verdict verdict = play_file(file, arguments, play_script);
  std::string report(1, kKindLetters[static_cast<std::size_t>(verdict.kind)]);
  report += verdict.warnings + '\0' + verdict.message;
  std::fflush(nullptr);
  for (std::string_view left = report; !left.empty();) {
    const ssize_t n = ::write(pipe, left.data(), left.size());
    if (n <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  ::_exit(0);
}

Running start(const std::string& file, const Arguments& arguments, const PlayScript& play_script) {
  std::array<int, 2> ends{};
  static_cast<void>(!::pipe2(ends.data(), O_CLOEXEC));
  std::fflush(nullptr);
  Running running{file, ::fork(), ends[0], {}, WallClock::now()};
  if (running.child == 0) run_child(file, arguments, play_script, ends[1]);
  ::close(ends[1]);
  return running;
}

struct Counts {
  unsigned passed = 0, failed = 0, skipped = 0;
};

void print_result(const Running& done, int status, const Arguments& arguments, Counts& counts) {
  const auto milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now() - done.started).count();
  std::string message;
  char kind = 'F';
  if (WIFSIGNALED(status)) {
    message = concat(done.file, ": the process ended by signal ", WTERMSIG(status), "\n");
  } else if (done.report.empty() || WEXITSTATUS(status) != 0) {
    message = concat(done.file, ": the process ended with status ", WEXITSTATUS(status), "\n");
  } else {
    kind = done.report[0];
    const std::size_t end = done.report.find('\0');
    std::fputs(done.report.substr(1, end - 1).c_str(), stdout);
    message = done.report.substr(end + 1);
  }
  if (kind == 'P') {
    ++counts.passed;
    if (!arguments.quiet) std::printf("PASS %7lld ms  %s\n", static_cast<long long>(milliseconds), done.file.c_str());
  } else if (kind == 'S') {
    ++counts.skipped;
    std::printf("SKIP %7lld ms  %s: %s\n", static_cast<long long>(milliseconds), done.file.c_str(), message.c_str());
  } else {
    ++counts.failed;
    std::printf("FAIL %7lld ms  %s\n%s", static_cast<long long>(milliseconds), done.file.c_str(), message.c_str());
  }
  std::fflush(stdout);
}

/// Reads from all that run; those that are over are printed and leave.
void wait_for_some(std::vector<Running>& running, const Arguments& arguments, Counts& counts) {
  constexpr int kWaitMilliseconds = 200;
  std::vector<pollfd> fds;
  for (const Running& one : running) fds.push_back({one.pipe, POLLIN, 0});
  if (::poll(fds.data(), fds.size(), kWaitMilliseconds) < 0 && errno != EINTR) return;
  for (std::size_t i = running.size(); i-- > 0;) {
    Running& one = running[i];
    if (WallClock::now() - one.started > kLongestRun) ::kill(one.child, SIGKILL);
    if (fds[i].revents == 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t n = ::read(one.pipe, bytes.data(), bytes.size());
    if (n > 0) {
      one.report.append(bytes.data(), static_cast<std::size_t>(n));
      continue;
    }
    int status = 0;
    ::waitpid(one.child, &status, 0);
    ::close(one.pipe);
    print_result(one, status, arguments, counts);
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

}  // namespace

int run_suite(const Arguments& arguments, const PlayScript& play_script) {
  const std::vector<std::string> files = find_scripts(arguments.paths);
  if (files.empty()) {
    std::fputs("there is no script (*.pkt) here\n", stderr);
    return 2;
  }
  const unsigned jobs = arguments.jobs != 0 ? arguments.jobs : std::max(1u, std::thread::hardware_concurrency());
  Counts counts;
  std::vector<Running> running;
  for (const std::string& file : files) {
    while (running.size() >= jobs) wait_for_some(running, arguments, counts);
    running.push_back(start(file, arguments, play_script));
  }
  while (!running.empty()) wait_for_some(running, arguments, counts);
  std::printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
  return counts.failed == 0 ? 0 : 1;
}

}  // namespace leat::drill
