#include "socket/socket_calls.h"

#include "socket/select_sets.h"

namespace leat {
namespace {

/// Between two attempts to send what there were no buffers for; the kernel waits for up to 200 ms.
constexpr Duration kFeedingPause = std::chrono::milliseconds(20);

}  // namespace

SocketCalls::SocketCalls(Stack& stack, const SocketsConfig& config)
    : context_{stack, config, {}}, table_(config.first_descriptor, config.max_descriptors) {}

SocketCalls::~SocketCalls() {
  while (PendingOperation* operation = pending_.any()) {
    for (File* file : pending_.forget(*operation->call)) --file->references;
  }
}

// Files.

expected<File*, int> SocketCalls::socket_file(int fd) const {
  File* file = table_.find(fd);
  if (file == nullptr) return unexpected(EBADF);
  if (!file->socket) return unexpected(ENOTSOCK);
  return file;
}

File& SocketCalls::create_file() {
  auto file = std::make_unique<File>();
  return *files_.emplace(file.get(), std::move(file)).first->second;
}

Result SocketCalls::give_descriptor(File& file, bool close_on_exec) {
  ++file.references;
  const expected<int, int> fd = table_.add(file, close_on_exec);
  if (fd) return {*fd};
  release(file);
  return Result::failure(fd.error());
}

void SocketCalls::release(File& file) {
  if (--file.references > 0) return;
  // All who wait for it count a reference, so that only entries of epoll instances are left.
  while (Waiter* waiter = file.waiters.front()) waiter->item->epoll->remove(*waiter->item);
  if (file.socket) file.socket->release(now_);
  starved_.erase(&file);
  files_.erase(&file);
}

// Calls.

Result SocketCalls::run(PendingOperation&& operation, std::span<File* const> files, PendingCall* call) {
  const Result result = attempt(operation);
  if (call != nullptr) PendingCalls::set_message(call, operation.message);
  if (!result.is_pending()) return result;
  if (call == nullptr || (operation.timeout && *operation.timeout <= Duration::zero())) {
    return stopped(operation, operation.would_block);
  }
  if (down_ != 0) return stopped(operation, down_);
  const bool for_ever = !operation.timeout || *operation.timeout >= kNever - now_;
  const Instant deadline = for_ever ? kNever : now_ + *operation.timeout;
  pending_.park(*call, std::move(operation), files, deadline);
  return Result::pending();
}

Result SocketCalls::attempt(PendingOperation& op) {
  switch (op.kind) {
    case CallKind::accept: return attempt_accept(op);
    case CallKind::connect: return op.file->socket->connect_result(now_);
    case CallKind::send: return attempt_send(op);
    case CallKind::receive: return op.file->socket->receive(op.cursor, op.flags, op.message, now_);
    case CallKind::close: return op.file->socket->linger_result();
    case CallKind::poll: {
      const std::size_t ready = poll(op.fds);
      return ready > 0 ? Result{static_cast<std::int64_t>(ready)} : Result::pending();
    }
    case CallKind::select: return attempt_select(op);
    case CallKind::epoll_wait: {
      const auto mask_of = [this](const File& file) { return poll_mask(file); };
      const std::size_t taken = op.file->epoll->take(op.events, mask_of);
      return taken > 0 ? Result{static_cast<std::int64_t>(taken)} : Result::pending();
    }
  }
  return Result::failure(EINVAL);
}

Result SocketCalls::attempt_send(PendingOperation& op) {
  const Result result = op.file->socket->send(op.cursor, op.flags, now_);
  if (op.file->socket->is_starved()) {
    if (starved_.empty()) feeding_ = now_ + kFeedingPause;
    starved_.insert(op.file);
  }
  return result;
}

Result SocketCalls::attempt_accept(PendingOperation& op) {
  if (table_.size() >= context_.config.max_descriptors) return Result::failure(EMFILE);
  SocketHandle child;
  const Result result = op.file->socket->accept(child);
  if (!result) return result;
  File& file = create_file();
  file.socket = std::make_unique<StreamSocket>(context_, &file);
  file.socket->adopt(child, *op.file->socket);
  if ((op.flags & SOCK_NONBLOCK) != 0) file.flags |= O_NONBLOCK;
  return give_descriptor(file, (op.flags & SOCK_CLOEXEC) != 0);
}

Result SocketCalls::attempt_select(PendingOperation& op) const {
  if (poll(op.selected) == 0) return Result::pending();
  const std::int64_t bits = write_select_sets(op.selected, op.sets);
  return bits > 0 ? Result{bits} : Result::pending();
}

Result SocketCalls::stopped(PendingOperation& op, int error) {
  switch (op.kind) {
    case CallKind::send:
    case CallKind::receive:
      if (op.cursor.done() > 0) return {static_cast<std::int64_t>(op.cursor.done())};
      break;
    case CallKind::select:
      if (error == 0) write_select_sets({}, op.sets);
      break;
    case CallKind::close: return {};
    default: break;
  }
  return error != 0 ? Result::failure(error) : Result{};
}

void SocketCalls::finish(PendingOperation& operation, Result result) {
  for (File* file : pending_.complete(operation, result)) release(*file);
}

void SocketCalls::wake(File& file, std::uint32_t key) {
  ++file.references;  // what is woken may end it
  bool exclusive_served = false;
  IntrusiveList<Waiter, WaiterTag> turn;
  while (Waiter* waiter = file.waiters.pop_front()) turn.push_back(*waiter);
  while (Waiter* waiter = turn.pop_front()) {
    file.waiters.push_back(*waiter);
    if (waiter->item != nullptr) {
      wake_item(*waiter->item, key, exclusive_served);
    } else {
      const Result result = attempt(*waiter->operation);
      if (!result.is_pending()) finish(*waiter->operation, result);
    }
  }
  release(file);
}

/// EPOLLEXCLUSIVE: of the instances that say so, those up to the first in which somebody waits.
void SocketCalls::wake_item(EpollItem& item, std::uint32_t key, bool& exclusive_served) {
  if (item.is_exclusive() && exclusive_served) return;
  Epoll& epoll = *item.epoll;
  const bool serves = item.is_exclusive() && epoll.is_watched();
  if (!epoll.on_wake(item, key)) return;
  exclusive_served = exclusive_served || serves;
  wake(epoll.self(), EPOLLIN | EPOLLRDNORM);
}

void SocketCalls::wake_starved() {
  const std::vector<File*> turn(starved_.begin(), starved_.end());
  starved_.clear();
  for (File* file : turn) ++file->references;
  for (File* file : turn) {
    file->socket->hope_for_buffers();
    wake(*file, EPOLLOUT | EPOLLWRNORM);
  }
  for (File* file : turn) release(*file);
}

Instant SocketCalls::next_deadline() const {
  return starved_.empty() ? pending_.next_deadline() : std::min(pending_.next_deadline(), feeding_);
}

void SocketCalls::run_timers(Instant now) {
  now_ = now;
  if (!starved_.empty() && feeding_ <= now) wake_starved();
  while (PendingOperation* operation = pending_.expired(now)) {
    finish(*operation, stopped(*operation, operation->would_block));
  }
}

void SocketCalls::interrupt(PendingCall& call) {
  PendingOperation* operation = pending_.operation(call);
  if (operation != nullptr) finish(*operation, stopped(*operation, EINTR));
}

void SocketCalls::abandon(PendingCall& call) {
  if (pending_.operation(call) == nullptr) {
    static_cast<ListLink<CompletedTag>&>(call).unlink();
    return;
  }
  for (File* file : pending_.forget(call)) release(*file);
}

void SocketCalls::shut_down(int error) {
  down_ = error;
  while (PendingOperation* operation = pending_.any()) finish(*operation, stopped(*operation, error));
}

// Readiness.

std::uint32_t SocketCalls::poll_mask(const File& file) const {
  if (file.socket) return file.socket->poll_mask();
  const auto mask_of = [this](const File& inner) { return poll_mask(inner); };
  return file.epoll->is_ready(mask_of) ? EPOLLIN | EPOLLRDNORM : 0;
}

std::size_t SocketCalls::poll(std::span<pollfd> fds) const {
  std::size_t ready = 0;
  for (pollfd& p : fds) {
    p.revents = 0;
    if (p.fd < 0) continue;
    const File* file = table_.find(p.fd);
    const std::uint32_t wanted = static_cast<std::uint16_t>(p.events) | POLLERR | POLLHUP;
    p.revents = static_cast<short>(file == nullptr ? std::uint32_t{POLLNVAL} : poll_mask(*file) & wanted);
    if (p.revents != 0) ++ready;
  }
  return ready;
}

}  // namespace leat
