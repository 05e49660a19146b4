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
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "drill/parser.h"
#include "drill/suite_report.h"
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
  if (!in) return unexpected(Verdict{Verdict::Kind::failed, concat(file, ": cannot be read\n")});
  auto script = parse_script(file, text.str(), arguments.settings);
  if (!script)
    return unexpected(Verdict{Verdict::Kind::failed, script.error().to_string() + "\n", {}, script.error().line});
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

/// A process that plays scripts one after another.
struct Running {
  std::vector<Job> jobs;
  std::size_t done = 0;
  pid_t child = -1;  ///< -1: fork() failed with `error`
  int pipe = -1;
  int error = 0;
  std::string reports{};  ///< of each script: its verdict's fields, each with a zero behind it
  WallClock::time_point started{};
};

constexpr std::size_t kFields = 5;

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

void send_report(const Verdict& verdict, int pipe) {
  std::array<std::string, kFields> fields = {std::to_string(static_cast<int>(verdict.kind)),
                                             std::to_string(verdict.line), verdict.warnings, verdict.message,
                                             joined(verdict.notes)};
  std::string report;
  for (std::string& field : fields) {
    std::replace(field.begin(), field.end(), '\0', '?');  // the output of code may contain any
    report += field + '\0';
  }
  std::fflush(nullptr);
  for (std::string_view left = report; !left.empty();) {
    const ssize_t n = ::write(pipe, left.data(), left.size());
    if (n <= 0) break;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Takes the first report out of the text; nothing when it is not whole yet.
std::optional<Verdict> take_report(std::string& reports) {
  std::array<std::string, kFields> fields;
  std::size_t at = 0;
  for (std::string& field : fields) {
    const std::size_t end = reports.find('\0', at);
    if (end == std::string::npos) return std::nullopt;
    field = reports.substr(at, end - at);
    at = end + 1;
  }
  reports.erase(0, at);
  Verdict verdict;
  verdict.kind = static_cast<Verdict::Kind>(std::atoi(fields[0].c_str()));
  verdict.line = std::atoi(fields[1].c_str());
  verdict.warnings = std::move(fields[2]), verdict.message = std::move(fields[3]);
  std::istringstream notes(fields[4]);
  for (std::string note; std::getline(notes, note);) verdict.notes.push_back(std::move(note));
  return verdict;
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
    // The commands of a script name files that lie beside it.
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

/// Plays files in processes and prints how it went.
class Suite {
 public:
  Suite(const Arguments& arguments, const PlayScript& play_script, SuiteReport& report)
      : arguments_(arguments), play_script_(play_script), options_(arguments.play), report_(report) {
    options_.interpreters = &interpreters_;
  }
  void run(const std::vector<std::string>& files);

 private:
  void launch(std::vector<Job> jobs);
  void wait_for_some();
  void read_reports(Running& one);
  /// Called when the process has ended, perhaps early.
  void end(Running one);
  void add_result(const Running& one, const Verdict& verdict);

  const Arguments& arguments_;
  const PlayScript& play_script_;
  Interpreters interpreters_;  ///< its processes serve those of the scripts
  PlayOptions options_;
  SuiteReport& report_;
  std::vector<Running> running_;
};

void Suite::add_result(const Running& one, const Verdict& verdict) {
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(WallClock::now() - one.started);
  report_.add({one.jobs[one.done].file, took, verdict});
}

void Suite::launch(std::vector<Job> jobs) {
  Running one = start(std::move(jobs), options_, play_script_);
  if (one.child > 0) return running_.push_back(std::move(one));
  for (; one.done < one.jobs.size(); ++one.done) {
    add_result(one, {Verdict::Kind::failed,
                     concat(one.jobs[one.done].file, ": no process for it: ", std::strerror(one.error), "\n")});
  }
}

void Suite::read_reports(Running& one) {
  while (const auto verdict = take_report(one.reports)) {
    add_result(one, *verdict);
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
  add_result(one, {Verdict::Kind::failed, concat(one.jobs[one.done].file, ": the process ended ", how, "\n")});
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
  constexpr std::size_t kRounds = 4;  // so that the last process does not play alone for long
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
  for (const std::string& path : arguments.paths) {
    if (::access(path.c_str(), R_OK) == 0) continue;
    std::fprintf(stderr, "%s: cannot read %s: %s\n", arguments.program.c_str(), path.c_str(), std::strerror(errno));
    return kBadUsage;
  }
  const std::vector<std::string> files = find_scripts(arguments.paths);
  if (files.empty()) {
    std::fprintf(stderr, "%s: no script (*.pkt) below %s\n", arguments.program.c_str(), arguments.paths[0].c_str());
    return kBadUsage;
  }
  SuiteReport report(arguments);
  Suite(arguments, play_script, report).run(files);
  report.finish();
  return report.exit_status();
}

}  // namespace leat::drill
