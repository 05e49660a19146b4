#include "socket/pending_calls.h"

namespace leat {

PendingCall::PendingCall() = default;
PendingCall::~PendingCall() { LEAT_ASSERT(!is_pending()); }

void PendingCalls::park(PendingCall& call, PendingOperation&& operation, std::span<File* const> files,
                        Instant deadline) {
  static_cast<ListLink<CompletedTag>&>(call).unlink();
  call.operation_ = std::make_unique<PendingOperation>(std::move(operation));
  PendingOperation& op = *call.operation_;
  op.call = &call;
  op.waiters = std::make_unique<Waiter[]>(files.size());
  for (File* file : files) {
    if (file == nullptr) continue;
    Waiter& waiter = op.waiters[op.files.size()];
    waiter.operation = &op;
    file->waiters.push_back(waiter);
    ++file->references;
    op.files.push_back(file);
  }
  if (deadline != kNever) {
    op.deadline = deadlines_.emplace(deadline, &op);
    op.has_deadline = true;
  }
  parked_.emplace(&call, &op);
}

std::vector<File*> PendingCalls::take_out(PendingOperation& operation) {
  operation.waiters.reset();
  if (operation.has_deadline) deadlines_.erase(operation.deadline);
  parked_.erase(operation.call);
  return std::move(operation.files);
}

std::vector<File*> PendingCalls::complete(PendingOperation& operation, Result result) {
  std::vector<File*> files = take_out(operation);
  PendingCall& call = *operation.call;
  call.result_ = result;
  call.message_ = operation.message;
  call.operation_.reset();
  completed_.push_back(call);
  return files;
}

std::vector<File*> PendingCalls::forget(PendingCall& call) {
  std::vector<File*> files = take_out(*call.operation_);
  call.operation_.reset();
  return files;
}

}  // namespace leat
