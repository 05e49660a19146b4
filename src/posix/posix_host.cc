#include "posix/posix_host.h"

#include <string>

#include "api/host_config.h"
#include "device/loopback.h"
#include "tcp/congestion/registry.h"

namespace leat {
namespace {

HostError trouble(Error code, std::string message) { return {code, std::move(message)}; }

expected<WorkerLink, HostError> loopback_link() {
  auto device = open_loopback();
  if (!device) return unexpected(trouble(device.error().code, device.error().message));
  WorkerLink link;
  link.interface.caps = (*device)->caps();
  link.interface.mtu = link.interface.caps.mtu;
  link.interface.addresses = {{IpAddress::v4(127, 0, 0, 1), 8}};
  link.device = std::move(*device);
  return link;
}

}  // namespace

PosixHost::~PosixHost() {
  if (worker_) worker_->stop();
  sockets_.reset();  // its destructor uses the worker's Stack
}

expected<std::unique_ptr<PosixHost>, HostError> PosixHost::open(const HostConfig& config) {
  std::vector<WorkerLink> links;
  auto loop = loopback_link();
  if (!loop) return unexpected(loop.error());
  links.push_back(std::move(*loop));
  if (config.link != "loopback") {
    if (const auto checked = check_config(config); !checked) return unexpected(checked.error());
    auto link = open_link(config);
    if (!link) return unexpected(link.error());
    if (link->interface.caps.shares_host_address) {
      return unexpected(trouble(Error::unsupported, config.link +
                                                        " shares the kernel's address, which the POSIX-like " +
                                                        "API cannot yet: give the host an address of its own"));
    }
    links.push_back(std::move(*link));
  } else if (!config.addresses.empty() || config.gateway || config.mac || config.mtu || !config.impairments.empty() ||
             !config.capture.empty()) {
    return unexpected(
        trouble(Error::invalid_argument, "loopback has its address, 127.0.0.1, and no other settings of a link"));
  } else if (!is_controller(config.tcp.congestion_control)) {
    return unexpected(
        trouble(Error::invalid_argument, "there is no congestion control \"" + config.tcp.congestion_control + "\""));
  }
  std::unique_ptr<PosixHost> host(new PosixHost());
  host->config_.tcp = config.tcp;
  PosixHost* h = host.get();
  WorkerCallbacks callbacks;
  callbacks.on_event = [h](Stack& stack, const Event& event, Instant now) {
    h->start(stack);
    h->sockets_->on_event(event, now);
    h->hand_out_completions();
  };
  callbacks.on_timers = [h](Stack& stack, Instant now) {
    h->start(stack);
    h->sockets_->run_timers(now);
    h->hand_out_completions();
    return h->sockets_->next_deadline();
  };
  callbacks.on_stop = [h](Stack& stack, Instant now) {
    h->start(stack);
    h->sockets_->shut_down(kGone);
    h->hand_out_completions();
    stack.abort_all(now);
  };
  auto worker = Worker::start({config.tcp, config.polling}, std::move(links), std::move(callbacks));
  if (!worker) {
    return unexpected(trouble(worker.error(),
                              "cannot start a host on " + config.link + ": " + std::string(to_string(worker.error()))));
  }
  host->worker_ = std::move(*worker);
  return host;
}

/// Only the worker's thread can give its Stack to Sockets.
void PosixHost::start(Stack& stack) {
  if (!sockets_) sockets_ = std::make_unique<Sockets>(stack, config_);
}

void PosixHost::hand_out_completions() {
  while (PendingCall* pending = sockets_->next_completed()) {
    static_cast<Call*>(pending->owner)->finish(pending->result());
  }
}

Result PosixHost::wait(Call& call) {
  Semaphore told;
  bool interrupted = false;
  while (!call.done.wait()) {
    if (interrupted) continue;  // one interruption is enough, because the answer follows
    interrupted = worker_->post([this, &call, &told](Stack&, Instant) {
      sockets_->interrupt(call.pending);
      hand_out_completions();
      told.post();
    });
  }
  // The task reads `call`, even if it was complete before.
  while (interrupted && !told.wait()) {
  }
  return call.result;
}

}  // namespace leat
