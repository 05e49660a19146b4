#include "drill_kernel/subject.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "drill/text.h"
#include "drill_kernel/calls.h"
#include "drill_kernel/network.h"

namespace leat::drill {
namespace {

/// Raises the priority of this process where it is allowed. Without it a script's times mean little on a busy machine.
void be_punctual() {
  const sched_param priority{1};
  static_cast<void>(::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority));
}

/// The second thread, which makes the calls that block.
class Caller {
 public:
  using Clock = std::function<Duration()>;
  explicit Caller(Clock now) : now_(std::move(now)), thread_([this] { run(); }) {}
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
    ::close(done_fd_);
  }

  void begin(SystemCall& call) {
    {
      const std::lock_guard lock(mutex_);
      call_ = &call;
      state_ = State::wanted;
    }
    wake_.notify_one();
    while (state_ != State::done && !(state_ == State::calling && is_asleep())) pause();
  }
  /// Ends the call by as many signals as it takes.
  void interrupt() {
    while (state_ == State::wanted || state_ == State::calling) {
      ::pthread_kill(thread_.native_handle(), SIGUSR1);
      pause();
    }
    state_ = State::idle;
  }
  bool is_done() const { return state_ == State::done; }
  int done_fd() const { return done_fd_; }

 private:
  enum class State : std::uint8_t { idle, wanted, calling, done };

  static void pause() {
    const timespec moment{0, 20'000};
    ::nanosleep(&moment, nullptr);
  }

  void run() {
    be_punctual();
    thread_id_ = static_cast<int>(::syscall(SYS_gettid));
    sigset_t alarm;
    sigemptyset(&alarm), sigaddset(&alarm, SIGALRM);
    ::pthread_sigmask(SIG_BLOCK, &alarm, nullptr);
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopping_ || state_ == State::wanted; });
        if (stopping_) return;
      }
      state_ = State::calling;
      make_kernel_call(*call_);
      call_->finished = now_();
      state_ = State::done;
      const std::uint64_t one = 1;
      static_cast<void>(!::write(done_fd_, &one, sizeof one));
    }
  }

  /// True when the thread waits in the kernel (state S in /proc).
  bool is_asleep() const {
    std::FILE* file = std::fopen(concat("/proc/self/task/", thread_id_.load(), "/stat").c_str(), "r");
    if (file == nullptr) return false;
    char state = 0;
    const int found = std::fscanf(file, "%*d (%*[^)]) %c", &state);
    std::fclose(file);
    return found == 1 && state == 'S';
  }

  Clock now_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  SystemCall* call_ = nullptr;
  std::atomic<State> state_ = State::idle;
  std::atomic<int> thread_id_ = 0;
  int done_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::thread thread_;  // the last member, because it uses the others
};

class KernelSubject final : public Subject {
 public:
  explicit KernelSubject(int tun) : tun_(tun) {}
  ~KernelSubject() override { ::close(tun_); }

  std::optional<std::string> set(const Knob& knob) override;
  std::optional<int> run_command(const std::string& command) override {
    ::setenv("PACKETDRILL_PID", std::to_string(::getpid()).c_str(), 1);
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  bool has_shell() const override { return true; }
  bool has(Feature) const override { return true; }
  void start() override { zero_ = clock(); }

  Duration now() override { return clock() - zero_; }
  void advance_to(Duration time) override {
    while (now() < time) wait(time, -1);
    drain();
  }
  void inject(Bytes packet) override { static_cast<void>(!::write(tun_, packet.data(), packet.size())); }
  std::optional<SentPacket> next_sent(Duration deadline) override;

  std::optional<std::string> lack(const SystemCall& call) override {
    if (kernel_lacks(call)) return "capabilities of this process are left as they are";
    return std::nullopt;
  }
  void call(SystemCall& call) override;
  void begin(SystemCall& call) override {
    if (!caller_) caller_ = std::make_unique<Caller>([this] { return now(); });
    caller_->begin(call);
  }
  void abandon() override { caller_->interrupt(); }
  bool finish(Duration deadline) override {
    while (!caller_->is_done() && now() < deadline) wait(deadline, caller_->done_fd());
    drain();
    std::uint64_t count = 0;
    static_cast<void>(!::read(caller_->done_fd(), &count, sizeof count));
    return caller_->is_done();
  }

 private:
  static Duration clock() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
  }
  /// Waits until something comes from the stack or from `fd`, or until `deadline`.
  void wait(Duration deadline, int fd);
  void drain();

  int tun_;
  Duration zero_ = clock();
  std::string congestion_control_ = "cubic";  ///< Linux's default, in place of this host's
  std::deque<SentPacket> sent_;
  std::unique_ptr<Caller> caller_;
};

std::optional<std::string> KernelSubject::set(const Knob& knob) {
  if (knob.name == "net.ipv4.tcp_congestion_control") {
    congestion_control_ = knob.value;  // not every kernel lets a namespace change the default
    return std::nullopt;
  }
  if (write_sysctl(knob.name, knob.value)) return std::nullopt;
  return "the kernel refuses it";
}

void KernelSubject::wait(Duration deadline, int fd) {
  pollfd fds[] = {{tun_, POLLIN, 0}, {fd, POLLIN, 0}};
  const Duration left = std::max(deadline - now(), Duration::zero());
  const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  static_cast<void>(::ppoll(fds, 2, &timeout, nullptr));
  drain();
}

void KernelSubject::drain() {
  std::vector<std::uint8_t> bytes(65536);
  for (;;) {
    const ssize_t n = ::read(tun_, bytes.data(), bytes.size());
    if (n <= 0) return;
    sent_.push_back({now(), {bytes.begin(), bytes.begin() + n}});
  }
}

std::optional<SentPacket> KernelSubject::next_sent(Duration deadline) {
  drain();
  while (sent_.empty() && now() < deadline) wait(deadline, -1);
  if (sent_.empty()) return std::nullopt;
  SentPacket packet = std::move(sent_.front());
  sent_.pop_front();
  return packet;
}

void KernelSubject::call(SystemCall& call) {
  const itimerval limit{{0, 0}, {kLongestCall.count(), 0}}, none{};
  ::setitimer(ITIMER_REAL, &limit, nullptr);
  make_kernel_call(call);
  call.finished = now();
  ::setitimer(ITIMER_REAL, &none, nullptr);
  if (call.name == CallName::socket && call.result >= 0 && (call.number[1] & 0xf) == SOCK_STREAM) {
    ::setsockopt(static_cast<int>(call.result), IPPROTO_TCP, TCP_CONGESTION, congestion_control_.data(),
                 static_cast<socklen_t>(congestion_control_.size()));
  }
}

void do_nothing(int) {}

}  // namespace

expected<std::unique_ptr<Subject>, std::string> make_kernel_subject(const Settings& settings) {
  const auto tun = make_kernel_network(settings);
  if (!tun) return unexpected(tun.error());
  ::signal(SIGPIPE, SIG_IGN);
  struct sigaction interrupt {};
  interrupt.sa_handler = do_nothing;  // without SA_RESTART: the call ends with EINTR
  ::sigaction(SIGALRM, &interrupt, nullptr);
  ::sigaction(SIGUSR1, &interrupt, nullptr);
  be_punctual();
  ::prctl(PR_SET_TIMERSLACK, 1);
  return std::unique_ptr<Subject>(std::make_unique<KernelSubject>(*tun));
}

}  // namespace leat::drill
