// Namespaces: private network, process and mount namespaces that no file names and no crash leaves behind.
//
// Nothing is written under /run or anywhere else: descriptors of this process and the processes inside hold
// the namespaces. All processes inside share one PID namespace, whose first process reads from a pipe that only
// the creator can write to. When the creator is gone, whatever ended it, the pipe ends, the first process leaves,
// and the kernel kills all that runs inside; the last holder gone, interfaces and firewall rules go as well.
// Inside, /proc shows the inner processes and /run is an empty private directory (kRunDirectory is in it).
//
// An ordinary user gets a user namespace around it all, in which that user is root; root, who may do without, does.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "lab/lab_error.h"
#include "lab/process.h"
#include "lab/unique_fd.h"
#include "leat/expected.h"

namespace leat::lab {

/// A writable directory that exists inside only, and vanishes with the lab.
inline constexpr const char* kRunDirectory = "/run/leat-lab";

class Namespaces {
 public:
  /// `networks` network namespaces, in which not even `lo` is up.
  static expected<Namespaces, LabError> create(unsigned networks);

  Namespaces(Namespaces&& other) noexcept { *this = std::move(other); }
  Namespaces& operator=(Namespaces&&) noexcept;
  /// Kills all that runs inside and waits until it is gone.
  ~Namespaces();

  /// Runs `body` in a child inside network `network`; the child's exit status is what it returns. `body` runs
  /// after fork(2): a starter with several threads should do no more in it than exec.
  expected<Process, LabError> start(unsigned network, const SpawnOptions& options,
                                    const std::function<int()>& body) const;

  int network_descriptor(unsigned network) const { return networks_[network].get(); }
  /// The first process inside, as the creator sees it.
  pid_t first_process() const { return first_; }
  /// True when an ordinary user's user namespace is around it.
  bool has_user_namespace() const { return static_cast<bool>(user_); }

 private:
  Namespaces() = default;
  int enter(unsigned network) const;
  void destroy();

  UniqueFd lifeline_;
  UniqueFd user_;  ///< empty for root
  UniqueFd mounts_;
  UniqueFd processes_;
  std::vector<UniqueFd> networks_;
  pid_t first_ = -1;
};

}  // namespace leat::lab
