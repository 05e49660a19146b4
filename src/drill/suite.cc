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
#include <cstring>
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

using Loaded = expected<Script, Verdict>;

Loaded load(const std::string& file, const Arguments& arguments) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return unexpected(Verdict{Verdict::Kind::failed, concat(file, ": cannot be read\n"), {}});
  auto script = parse_script(file, text.str(), arguments.settings);
  if (!script) return unexpected(Verdict{Verdict::Kind::failed, script.error().to_string() + "\n", {}});
  if (script->settings.dry_run) return unexpected(Verdict{});
  return std::move(*script);
}

bool has_code(const Script& script) {
  return std::any_of(script.events.begin(), script.events.end(),
                     [](const Event& event) { return std::holds_alternative<CodeEvent>(event.what); });
}

struct Job {
  std::string file;
  Loaded script;
};

/// A process that plays scripts one after the other.
struct Running {
  std::vector<Job> jobs;
  std::size_t done = 0;
  pid_t child = -1;  ///< where there is none, `error` tells why
  int pipe = -1;
  int error = 0;
  std::string reports{};  ///< of each script: a character for the kind, warnings, a zero, the message, a zero
  WallClock::time_point started{};
};

constexpr std::array<char, 3> kKindLetters = {'P', 'F', 'S'};

void send_report(Verdict verdict, int pipe) {
  std::replace(verdict.message.begin(), verdict.message.end(), '\0', '?');  // what code printed may have any
  std::string report(1, kKindLetters[static_cast<std::size_t>(verdict.kind)]);
  report += verdict.warnings + '\0' + verdict.message + '\0';
  std::fflush(nullptr);
  for (std::string_view left = report; !left.empty();) {
    const ssize_t n = ::write(pipe, left.data(), left.size());
    if (n <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

[[noreturn]] void run_child(const std::vector<Job>& jobs, PlayOptions options, const PlayScript& play_script,
                            int pipe) {
  const int home = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  const bool verbose = options.verbose;
  for (const auto& [file, script] : jobs) {
    if (!script) {
      send_report(script.error(), pipe);
      continue;
    }
    options.verbose = verbose || script->settings.verbose;
    // Commands of a script name files beside it.
    const auto folder = fs::path(file).parent_path();
    static_cast<void>(!::fchdir(home));
    if (!folder.empty()) static_cast<void>(!::chdir(folder.c_str()));
    send_report(play_script(*script, options), pipe);
  }
  ::_exit(0);
}

Running start(std::vector<Job> jobs, const PlayOptions& options, const PlayScript& play_script) {
  std::array<int, 2> ends{};
  Running running{.jobs = std::move(jobs), .started = WallClock::now()};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    running.error = errno;
    return running;
  }
  std::fflush(nullptr);
  running.child = ::fork();
  if (running.child == 0) run_child(running.jobs, options, play_script, ends[1]);
  if (running.child < 0) {
    running.error = errno;
    ::close(ends[0]);
  } else {
    running.pipe = ends[0];
  }
  ::close(ends[1]);
  return running;
}

struct Counts {
  unsigned passed = 0, failed = 0, skipped = 0;
};

/// Plays files in processes and prints how it went.
class Suite {
 public:
  Suite(const Arguments& arguments, const PlayScript& play_script)
      : arguments_(arguments), play_script_(play_script), options_(arguments.play) {
    options_.interpreters = &interpreters_;
  }
  void run(const std::vector<std::string>& files);
  const Counts& counts() const { return counts_; }

 private:
  void launch(std::vector<Job> jobs);
  void wait_for_some();
  void read_reports(Running& one);
  /// The process has ended, perhaps before its time.
  void end(Running one);
  void print_result(const Running& one, char kind, const std::string& message);

  const Arguments& arguments_;
  const PlayScript& play_script_;
  Interpreters interpreters_;  ///< its processes serve those of the scripts
  PlayOptions options_;
  Counts counts_;
  std::vector<Running> running_;
};

void Suite::print_result(const Running& one, char kind, const std::string& message) {
  const std::string& file = one.jobs[one.done].file;
  const long long milliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now() - one.started).count();
  if (kind == 'P') {
    ++counts_.passed;
    if (!arguments_.quiet) std::printf("PASS %7lld ms  %s\n", milliseconds, file.c_str());
  } else if (kind == 'S') {
    ++counts_.skipped;
    std::printf("SKIP %7lld ms  %s: %s\n", milliseconds, file.c_str(), message.c_str());
  } else {
    ++counts_.failed;
    std::printf("FAIL %7lld ms  %s\n%s", milliseconds, file.c_str(), message.c_str());
  }
  std::fflush(stdout);
}

void Suite::launch(std::vector<Job> jobs) {
  Running one = start(std::move(jobs), options_, play_script_);
  if (one.child > 0) return running_.push_back(std::move(one));
  for (; one.done < one.jobs.size(); ++one.done) {
    print_result(one, 'F', concat(one.jobs[one.done].file, ": no process for it: ", std::strerror(one.error), "\n"));
  }
}

void Suite::read_reports(Running& one) {
  for (;;) {
    const std::size_t middle = one.reports.find('\0');
    const std::size_t end = middle == std::string::npos ? middle : one.reports.find('\0', middle + 1);
    if (end == std::string::npos) return;
    std::fputs(one.reports.substr(1, middle - 1).c_str(), stdout);
    print_result(one, one.reports[0], one.reports.substr(middle + 1, end - middle - 1));
    one.reports.erase(0, end + 1);
    ++one.done, one.started = WallClock::now();
  }
}

void Suite::end(Running one) {
  int status = 0;
  ::waitpid(one.child, &status, 0);
  ::close(one.pipe);
  if (one.done == one.jobs.size()) return;
  const std::string how =
      WIFSIGNALED(status) ? concat("by signal ", WTERMSIG(status)) : concat("with status ", WEXITSTATUS(status));
  print_result(one, 'F', concat(one.jobs[one.done].file, ": the process ended ", how, "\n"));
  one.jobs.erase(one.jobs.begin(), one.jobs.begin() + static_cast<std::ptrdiff_t>(one.done + 1));
  if (!one.jobs.empty()) launch(std::move(one.jobs));
}

void Suite::wait_for_some() {
  constexpr int kWaitMilliseconds = 200;
  std::vector<pollfd> fds;
  for (const Running& one : running_) fds.push_back({one.pipe, POLLIN, 0});
  if (::poll(fds.data(), fds.size(), kWaitMilliseconds) < 0 && errno != EINTR) return;
  for (std::size_t i = fds.size(); i-- > 0;) {
    Running& one = running_[i];
    if (WallClock::now() - one.started > kLongestRun) ::kill(one.child, SIGKILL);
    if (fds[i].revents == 0) continue;
    std::array<char, 4096> bytes;
    const ssize_t n = ::read(one.pipe, bytes.data(), bytes.size());
    if (n > 0) {
      one.reports.append(bytes.data(), static_cast<std::size_t>(n));
      read_reports(one);
      continue;
    }
    Running ended = std::move(one);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
    end(std::move(ended));
  }
}

void Suite::run(const std::vector<std::string>& files) {
  constexpr std::size_t kRounds = 4;  // so that no process is left alone with the last scripts for long
  const unsigned jobs = arguments_.jobs != 0 ? arguments_.jobs : std::max(1u, std::thread::hardware_concurrency());
  const std::size_t batch = std::clamp<std::size_t>(files.size() / (jobs * kRounds), 1, arguments_.most_per_process);
  for (std::size_t next = 0; next < files.size();) {
    while (running_.size() >= jobs) wait_for_some();
    std::vector<Job> some;
    for (; next < files.size() && some.size() < batch; ++next) {
      some.push_back({files[next], load(files[next], arguments_)});
      const Loaded& script = some.back().script;
      if (script && has_code(*script)) interpreters_.of(script->settings.code_command).start();
    }
    launch(std::move(some));
  }
  while (!running_.empty()) wait_for_some();
}

}  // namespace

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

int run_suite(const Arguments& arguments, const PlayScript& play_script) {
  const std::vector<std::string> files = find_scripts(arguments.paths);
  if (files.empty()) {
    std::fputs("there is no script (*.pkt) here\n", stderr);
    return 2;
  }
  Suite suite(arguments, play_script);
  suite.run(files);
  const Counts& counts = suite.counts();
  std::printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
  return counts.failed == 0 ? 0 : 1;
}

}  // namespace leat::drill
