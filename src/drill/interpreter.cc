#include "drill/interpreter.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <vector>

#include "drill/text.h"

namespace leat::drill {
namespace {

/// The server takes messages of four descriptors from its standard input: the program, a file for its output, a pipe
/// for its progress, and its folder. On the pipe a `+` says that the program begins, and a `0` that it ended well.
constexpr const char* kServer = R"python(
import linecache, os, signal, socket, sys, traceback

def run(program, output, result, folder):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.fchdir(folder)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.alarm(int(sys.argv[1]) + 1)  # when nobody waits for it any more
    os.write(result, b"+")
    with open(program) as file:
        text = file.read()
    linecache.cache["code"] = len(text), None, text.splitlines(True), "code"
    status = None
    try:
        exec(compile(text, "code", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        status = end.code
        if isinstance(status, str):
            print(status)
    except BaseException as error:
        status = 1
        traceback.print_exception(type(error), error, error.__traceback__.tb_next)
    sys.stdout.flush()
    if status is None or status == 0:
        os.write(result, b"0")

signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for programs
wire = socket.socket(fileno=0)
while True:
    message, descriptors, _, _ = socket.recv_fds(wire, 1, 4)
    if not message:
        break
    if os.fork() == 0:
        wire.detach()
        try:
            run(*descriptors)
        finally:
            os._exit(0)
    for descriptor in descriptors:
        os.close(descriptor)
)python";

constexpr char kGood = '0';
constexpr auto kStartLimit = std::chrono::seconds(60);

class Deadline {
 public:
  explicit Deadline(std::chrono::seconds after) : at_(Clock::now() + after) {}
  std::chrono::milliseconds left() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at_ - Clock::now());
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point at_;
};

/// The next byte, or 0 when none comes in time.
char next_byte(int fd, const Deadline& deadline) {
  for (;;) {
    pollfd readable{fd, POLLIN, 0};
    const int ready = ::poll(&readable, 1, static_cast<int>(std::max<std::int64_t>(deadline.left().count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    char byte = 0;
    return ready > 0 && ::read(fd, &byte, 1) == 1 ? byte : '\0';
  }
}

struct Descriptor {
  int fd = -1;
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return ::lseek(fd, 0, SEEK_SET) == 0;
}

/// The end of a file's text.
std::string tail_of(int fd) {
  constexpr off_t kMost = 4096;
  const off_t end = ::lseek(fd, 0, SEEK_END), begin = end > kMost ? end - kMost : 0;
  std::string text(static_cast<std::size_t>(end > 0 ? end - begin : 0), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), begin);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

/// The last lines, where Python says what went wrong: "AssertionError: 5".
std::string last_lines(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::size_t begin = text.size();
  for (int lines = 0; lines < 4 && begin != 0 && begin != std::string_view::npos; ++lines) {
    begin = text.rfind('\n', begin - 1);
  }
  return std::string(begin == std::string_view::npos || begin == 0 ? text : text.substr(begin + 1));
}

bool send_descriptors(int wire, const std::array<int, 4>& descriptors) {
  char byte = 0;
  iovec piece{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof descriptors)> control{};
  msghdr message{};
  message.msg_iov = &piece, message.msg_iovlen = 1;
  message.msg_control = control.data(), message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET, header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptors);
  std::memcpy(CMSG_DATA(header), descriptors.data(), sizeof descriptors);
  return ::sendmsg(wire, &message, MSG_NOSIGNAL) == 1;
}

/// Turns this process into the interpreter, with `wire` as its standard input. Never returns.
[[noreturn]] void become(const std::string& command, const std::string& limit, int wire) {
  std::vector<std::string> words(1);
  for (const char c : command) {
    if (c == ' ') words.emplace_back();
    else words.back() += c;
  }
  std::erase_if(words, [](const std::string& word) { return word.empty(); });
  words.insert(words.end(), {"-c", kServer, limit});
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::dup2(wire, STDIN_FILENO);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

Interpreter::~Interpreter() { stop(); }

bool Interpreter::is_running() const {
  // Only the owner can wait for the process. For others, ask() shows if it still runs.
  return process_ >= 0 && (owner_ != ::getpid() || ::waitpid(process_, nullptr, WNOHANG) == 0);
}

int Interpreter::stop() {
  int status = 0;
  if (wire_ >= 0) ::close(wire_);
  if (process_ >= 0 && owner_ == ::getpid()) {
    ::kill(process_, SIGKILL);  // a process that is still starting does not notice that its input ends
    ::waitpid(process_, &status, 0);
  }
  wire_ = process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

void Interpreter::start() {
  if (is_running()) return;
  stop();
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  const std::string limit = std::to_string(limit_.count());
  process_ = ::fork();
  if (process_ == 0) become(command_, limit, ends[1]);
  owner_ = ::getpid();
  wire_ = ends[0];
  ::close(ends[1]);
}

Interpreter::Answer Interpreter::ask(const std::string& program) const {
  const Descriptor source(::memfd_create("code", MFD_CLOEXEC)), written(::memfd_create("output", MFD_CLOEXEC));
  const Descriptor folder(::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::array<int, 2> pipe{-1, -1};
  static_cast<void>(!::pipe2(pipe.data(), O_CLOEXEC));
  const Descriptor result(pipe[0]);
  Descriptor result_in(pipe[1]);
  if (!write_all(source.fd, program) || !send_descriptors(wire_, {source.fd, written.fd, result_in.fd, folder.fd})) {
    return {};
  }
  result_in.close();
  Answer answer;
  Deadline deadline(kStartLimit);
  while (const char byte = next_byte(result.fd, deadline)) {
    if (!answer.began) deadline = Deadline(limit_);
    answer.began = true;
    answer.good |= byte == kGood;
    if (answer.good) return answer;
  }
  answer.late = deadline.left() <= deadline.left().zero();
  answer.output = tail_of(written.fd);
  return answer;
}

std::optional<std::string> Interpreter::run(const std::string& program) {
  int status = 0;
  for (int attempt = 0; attempt < 2; ++attempt) {
    start();
    const Answer answer = ask(program);
    if (answer.good) return std::nullopt;
    if (answer.began && answer.late) return concat("it took longer than ", limit_.count(), " s");
    if (answer.began) return answer.output.empty() ? "it ended without a word" : last_lines(answer.output);
    status = stop();  // a program before this one may have ended it
  }
  return concat("cannot run ", command_, status != 0 ? concat(": it ended with ", status) : "");
}

}  // namespace leat::drill
