#include "lab/namespaces.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace leat::lab {
namespace {

/// The report of a child to its parent, by a pipe or a socket, which may also carry descriptors.
struct Report {
  int error = 0;  ///< an errno, 0 for success
  pid_t pid = -1;
  char stage[48] = {};  ///< the step that failed
};

Report failure(const char* stage) {
  Report report;
  report.error = errno;
  std::snprintf(report.stage, sizeof report.stage, "%s", stage);
  return report;
}

bool write_text(const char* path, const char* text) {
  const UniqueFd fd(::open(path, O_WRONLY | O_CLOEXEC));
  const auto size = static_cast<ssize_t>(std::strlen(text));
  return fd && ::write(fd.get(), text, static_cast<std::size_t>(size)) == size;
}

pid_t raw_fork(int flags) {
  return static_cast<pid_t>(::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

/// Makes a sibling: a child of the parent of this process, so that the parent can wait for it. fork(2) cannot do that.
pid_t fork_sibling() { return raw_fork(CLONE_PARENT); }

/// Makes a child that can enter namespaces. It must have one thread, and fork(2) of ThreadSanitizer starts a second.
pid_t fork_child() {
#if defined(__SANITIZE_THREAD__)
  return raw_fork(0);
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
  return raw_fork(0);
#else
  return ::fork();
#endif
#else
  return ::fork();
#endif
}

pid_t wait_for_exit(pid_t pid) {
  pid_t got = 0;
  do {
    got = ::waitpid(pid, nullptr, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

bool send_report(int socket, const Report& report, const std::vector<UniqueFd>& descriptors) {
  iovec part{const_cast<Report*>(&report), sizeof report};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(sizeof(int) * descriptors.size()));
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
      const int fd = descriptors[i].get();
      std::memcpy(CMSG_DATA(header) + i * sizeof fd, &fd, sizeof fd);
    }
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(sizeof report);
}

Report receive_report(int socket, std::vector<UniqueFd>& descriptors, std::size_t room) {
  Report report;
  iovec part{&report, sizeof report};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control(CMSG_SPACE(sizeof(int) * room));
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(sizeof report)) {
    if (got >= 0) errno = EPIPE;
    return failure("the first process of the lab");
  }
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      descriptors.emplace_back(fd);
    }
  }
  return report;
}

/// Makes the caller root of a new user namespace. Only the caller's user and group exist there.
const char* become_root_of_user_namespace(int flags) {
  const std::string user = "0 " + std::to_string(::geteuid()) + " 1";
  const std::string group = "0 " + std::to_string(::getegid()) + " 1";
  if (::unshare(CLONE_NEWUSER | flags) != 0) return "making a user namespace";
  // A process that has changed its user (setpriv, su) owns its /proc entries only after it is dumpable again.
  ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  if (!write_text("/proc/self/setgroups", "deny")) return "writing /proc/self/setgroups";
  if (!write_text("/proc/self/uid_map", user.c_str())) return "writing /proc/self/uid_map";
  if (!write_text("/proc/self/gid_map", group.c_str())) return "writing /proc/self/gid_map";
  return nullptr;
}

/// The first process inside: prepares the mounts, reports it, and runs until the creator has ended.
[[noreturn]] void live_as_first_process(int lifeline, int socket) {
  ::setsid();
  ::signal(SIGCHLD, SIG_IGN);  // this process inherits orphans, and the kernel reaps them at once
  ::dup2(lifeline, 0);
  ::dup2(socket, 1);
  const int null = ::open("/dev/null", O_RDWR);
  if (null >= 0) ::dup2(null, 2);
  ::syscall(SYS_close_range, 3u, ~0u, 0u);

  // Some containers forbid a new /proc. The outer one then stays, and shows other process numbers.
  ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  Report report;
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0) {
    report = failure("mounting a private /run");
  } else if (::mkdir(kRunDirectory, 0755) != 0) {
    report = failure("making a directory in the private /run");
  }
  send_report(1, report, {});
  if (null >= 0) ::dup2(2, 1);
  char byte = 0;
  while (::read(0, &byte, 1) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

/// Makes all namespaces, starts the first process and sends the descriptors. It runs in a child, which then ends.
[[noreturn]] void build(unsigned networks, int lifeline, int socket) {
  constexpr int kFlags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
  std::vector<UniqueFd> descriptors;
  const auto give_up = [&](const char* stage) {
    send_report(socket, failure(stage), {});
    ::_exit(1);
  };
  // The directory is opened once, because the first process soon mounts a /proc in which this process does not exist.
  UniqueFd own;
  const auto keep = [&](const char* name) {
    descriptors.emplace_back(::openat(own.get(), name, O_RDONLY | O_CLOEXEC));
    if (!descriptors.back()) give_up(name);
  };
  const bool privileged = ::unshare(kFlags) == 0;
  if (!privileged) {
    if (const char* stage = become_root_of_user_namespace(kFlags)) give_up(stage);
  }
  own.reset(::open("/proc/self/ns", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) give_up("/proc/self/ns");
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("making the mounts private");
  for (unsigned i = 0; i < networks; ++i) {
    if (i > 0 && ::unshare(CLONE_NEWNET) != 0) give_up("making a network namespace");
    keep("net");
  }
  const pid_t first = fork_sibling();
  if (first < 0) give_up("starting the first process of the lab");
  if (first == 0) live_as_first_process(lifeline, socket);
  keep("mnt");
  keep("pid_for_children");  // exists since the unshare
  if (!privileged) keep("user");
  Report report;
  report.pid = first;
  send_report(socket, report, descriptors);
  ::_exit(0);
}

LabError refused(const Report& report) {
  LabError error = system_error(report.stage, report.error);
  if (report.error == EPERM || report.error == EACCES || report.error == ENOSPC || report.error == ENOSYS) {
    error.kind = LabError::Kind::unavailable;
    error.message +=
        ". A lab needs root, or user namespaces for ordinary users: see /proc/sys/user/max_user_namespaces and, "
        "where they exist, the sysctls kernel.unprivileged_userns_clone (1 allows) and "
        "kernel.apparmor_restrict_unprivileged_userns (0 allows)";
  }
  return error;
}

Report read_report(int pipe) {
  Report report;
  ssize_t got = 0;
  do {
    got = ::read(pipe, &report, sizeof report);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof report)) return report;
  errno = EPIPE;
  return failure("a helper process of the lab");
}

/// An unnamed file with this content, positioned at its beginning.
UniqueFd file_with(const std::string& text) {
  UniqueFd fd(::memfd_create("input", MFD_CLOEXEC));
  for (std::size_t done = 0; fd && done < text.size();) {
    const ssize_t n = ::pwrite(fd.get(), text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) return {};
    done += static_cast<std::size_t>(n);
  }
  return fd;
}

UniqueFd open_stream(Stream kind) {
  if (kind == Stream::capture) return UniqueFd(::memfd_create("captured", MFD_CLOEXEC));
  if (kind == Stream::discard) return UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC));
  return {};
}

/// The descriptors 0, 1 and 2 of a child. An empty one is inherited.
struct Streams {
  UniqueFd input, output, errors;

  explicit Streams(const SpawnOptions& options) : errors(open_stream(options.errors)) {
    const bool reads_nothing = options.input == Stream::capture;
    input = options.input_text.empty() ? open_stream(reads_nothing ? Stream::discard : options.input)
                                       : file_with(options.input_text);
    output = options.output_file.empty()
                 ? open_stream(options.output)
                 : UniqueFd(::open(options.output_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  }
};

/// Prepares a started child before its body runs.
void prepare_child(const SpawnOptions& options, const Streams& streams) {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGTTOU}) ::signal(number, SIG_DFL);
  if (options.own_group) ::setpgid(0, 0);
  if (streams.input) ::dup2(streams.input.get(), 0);
  if (streams.output) ::dup2(streams.output.get(), 1);
  if (streams.errors) ::dup2(streams.errors.get(), 2);
  for (const int fd : options.keep_open) ::fcntl(fd, F_SETFD, 0);
}

}  // namespace

LabError system_error(const std::string& what, int number) {
  return {LabError::Kind::failed, what + ": " + std::strerror(number)};
}

expected<Namespaces, LabError> Namespaces::create(unsigned networks) {
  int ends[2], sockets[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return unexpected(system_error("pipe", errno));
  const UniqueFd lifeline(ends[0]);
  Namespaces made;
  made.lifeline_.reset(ends[1]);
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
    return unexpected(system_error("socketpair", errno));
  }
  const UniqueFd ours(sockets[0]);
  UniqueFd theirs(sockets[1]);

  const pid_t builder = fork_child();
  if (builder < 0) return unexpected(system_error("fork", errno));
  if (builder == 0) build(networks, lifeline.get(), theirs.get());
  theirs.reset();

  // Two reports arrive in either order: one of the builder, with the descriptors, and one of the first process.
  std::vector<UniqueFd> descriptors;
  Report failed;
  for (int i = 0; i < 2 && failed.error == 0; ++i) {
    const Report report = receive_report(ours.get(), descriptors, networks + 3);
    if (report.error != 0) failed = report;
    if (report.pid > 0) made.first_ = report.pid;
  }
  wait_for_exit(builder);
  if (failed.error != 0) return unexpected(refused(failed));
  for (unsigned i = 0; i < networks; ++i) made.networks_.push_back(std::move(descriptors[i]));
  made.mounts_ = std::move(descriptors[networks]);
  made.processes_ = std::move(descriptors[networks + 1]);
  if (descriptors.size() > networks + 2) made.user_ = std::move(descriptors[networks + 2]);
  return made;
}

Namespaces& Namespaces::operator=(Namespaces&& other) noexcept {
  if (this == &other) return *this;
  destroy();
  lifeline_ = std::move(other.lifeline_);
  user_ = std::move(other.user_);
  mounts_ = std::move(other.mounts_);
  processes_ = std::move(other.processes_);
  networks_ = std::move(other.networks_);
  first_ = std::exchange(other.first_, -1);
  return *this;
}

Namespaces::~Namespaces() { destroy(); }

void Namespaces::destroy() {
  lifeline_.reset();
  if (first_ <= 0) return;
  // A child that other code has forked may still hold the lifeline, so kill the first process.
  ::kill(first_, SIGKILL);
  // The first process ends only when all other processes inside have ended.
  wait_for_exit(std::exchange(first_, -1));
}

int Namespaces::enter(unsigned network) const {
  if (user_ && ::setns(user_.get(), CLONE_NEWUSER) != 0) return -1;
  if (::setns(mounts_.get(), CLONE_NEWNS) != 0) return -1;
  if (::setns(networks_[network].get(), CLONE_NEWNET) != 0) return -1;
  return ::setns(processes_.get(), CLONE_NEWPID);
}

expected<Process, LabError> Namespaces::start(unsigned network, const SpawnOptions& options,
                                              const std::function<int()>& body) const {
  Streams streams(options);
  if (!streams.output && !options.output_file.empty()) return unexpected(system_error(options.output_file, errno));
  char here[4096];
  // The child starts in the starter's directory. If that has no path, it starts in the root directory, to which setns()
  // leads.
  const char* directory = !options.directory.empty()               ? options.directory.c_str()
                          : ::getcwd(here, sizeof here) != nullptr ? here
                                                                   : "/";
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return unexpected(system_error("pipe", errno));
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);

  // The helper enters the namespaces. Only later children are in its PID namespace, so it makes one more child: a
  // sibling of itself and thus a child of this process.
  std::fflush(nullptr);  // otherwise the child would write the content of the buffers again
  const pid_t helper = fork_child();
  if (helper < 0) return unexpected(system_error("fork", errno));
  if (helper == 0) {
    Report report;
    pid_t child = -1;
    if (enter(network) != 0) {
      report = failure("entering the lab");
    } else if (::chdir(directory) != 0 && !options.directory.empty()) {
      report = failure(directory);
    } else if (child = fork_sibling(); child < 0) {
      report = failure("starting a process in the lab");
    }
    if (child == 0) {
      for (const int fd : {reading.get(), writing.get(), lifeline_.get()}) ::close(fd);
      prepare_child(options, streams);
      const int code = body();
      std::fflush(nullptr);
      ::_exit(code);
    }
    report.pid = child;
    (void)!::write(writing.get(), &report, sizeof report);
    ::_exit(0);
  }
  writing.reset();
  const Report report = read_report(reading.get());
  wait_for_exit(helper);
  if (report.error != 0) return unexpected(system_error(report.stage, report.error));
  if (options.own_group) ::setpgid(report.pid, report.pid);
  const bool keeps_output = options.output == Stream::capture && options.output_file.empty();
  return Process(report.pid, options.own_group, keeps_output ? std::move(streams.output) : UniqueFd(),
                 options.errors == Stream::capture ? std::move(streams.errors) : UniqueFd());
}

}  // namespace leat::lab
