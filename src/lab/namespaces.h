// Namespaces: private network, process and mount namespaces that have no name in the file system and do not survive a
// crash.
//
// Descriptors of this process and the processes inside hold the namespaces. All processes inside share one PID
// namespace. Its first process reads from a pipe that only the creator can write to. When the creator ends, for
// whatever reason, the pipe ends, the first process exits, and the kernel kills all processes inside. Interfaces and
// firewall rules end with the last holder. Inside, /proc shows the inner processes, and /run is an empty private
// directory, which contains kRunDirectory.
//
// For an ordinary user, a user namespace surrounds the others, in which that user is root. Root needs none.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "lab/lab_error.h"
#include "lab/process.h"
#include "lab/unique_fd.h"
#include "leat/expected.h"

namespace leat::lab {

/// A writable directory that exists only inside, and ends with the lab.
inline constexpr const char* kRunDirectory = "/run/leat-lab";

class Namespaces {
 public:
  /// Makes `networks` network namespaces. All interfaces are down, `lo` too.
  static expected<Namespaces, LabError> create(unsigned networks);

  Namespaces(Namespaces&& other) noexcept { *this = std::move(other); }
  Namespaces& operator=(Namespaces&&) noexcept;
  /// Kills all processes inside and waits until they have ended.
  ~Namespaces();

  /// Runs `body` in a child inside network `network`. Its result is the exit status of the child. `body` runs after
  /// fork(2), so it should only exec if the starter has several threads.
  expected<Process, LabError> start(unsigned network, const SpawnOptions& options,
                                    const std::function<int()>& body) const;

  int network_descriptor(unsigned network) const { return networks_[network].get(); }
  /// The process number of the first process, as the creator sees it.
  pid_t first_process() const { return first_; }
  /// True if a user namespace surrounds the others.
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
