// Hosts that share a link, one for each core. They only pass packets for all of them to each other: see Siblings.
#include <sched.h>

#include <atomic>
#include <mutex>

#include "api/host_config.h"
#include "api/states.h"
#include "device/share_notices.h"

namespace leat {
namespace {

/// The engines of one link. A packet for all of them that one device receives is passed to the others. May be used from
/// any thread.
class Siblings {
 public:
  explicit Siblings(std::size_t count) : members_(count) {}

  void set(std::size_t index, const std::shared_ptr<Engine>& engine) {
    const std::lock_guard lock(mutex_);
    members_[index].engine = engine;
  }
  void tell_others(std::size_t from, const std::vector<std::uint8_t>& frame) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (i != from) members_[i].tell(frame);
    }
  }

 private:
  struct Member {
    /// Limit of the frames that wait for an engine. Further frames are dropped.
    static constexpr int kMost = 64;
    std::weak_ptr<Engine> engine;
    std::shared_ptr<std::atomic<int>> waiting = std::make_shared<std::atomic<int>>(0);

    void tell(const std::vector<std::uint8_t>& frame) {
      const std::shared_ptr<Engine> e = engine.lock();
      if (!e || *waiting >= kMost) return;
      ++*waiting;
      const bool posted = e->post([engine = e.get(), waiting = waiting, frame](Stack&, Instant) {
        --*waiting;
        engine->take_frame(frame);
      });
      if (!posted) --*waiting;
    }
  };
  std::mutex mutex_;
  std::vector<Member> members_;
};

/// The CPU with number `index` among those that the process may use, modulo their number.
void stay_on_cpu(unsigned index) {
  cpu_set_t allowed, one;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) == 0) return;
  unsigned left = index % static_cast<unsigned>(CPU_COUNT(&allowed));
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || left-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    static_cast<void>(::sched_setaffinity(0, sizeof one, &one));
    return;
  }
}

}  // namespace

expected<std::vector<Host>, HostError> Host::open_cores(const HostConfig& config, unsigned cores) {
  constexpr unsigned kMost = 64;
  if (cores < 1 || cores > kMost) return unexpected(HostError{Error::invalid_argument, "1 to 64 cores are possible"});
  std::vector<Host> hosts;
  if (cores == 1) {
    auto host = open(config);
    if (!host) return unexpected(host.error());
    hosts.push_back(std::move(*host));
    return hosts;
  }
  if (const auto checked = check_config(config); !checked) return unexpected(checked.error());
  auto links = open_links(config, cores);
  if (!links) return unexpected(links.error());
  const auto siblings = std::make_shared<Siblings>(cores);
  for (unsigned i = 0; i < cores; ++i) {
    WorkerLink& link = (*links)[i];
    link.device = share_notices(std::move(link.device), [siblings, i](const std::vector<std::uint8_t>& frame) {
      siblings->tell_others(i, frame);
    });
    auto host = start(config, std::move(link));
    if (!host) return unexpected(host.error());
    siblings->set(i, host->state_->engine);
    host->post([i](EventLoop&) { stay_on_cpu(i); });
    hosts.push_back(std::move(*host));
  }
  return hosts;
}

}  // namespace leat
