#include "cli/host/open_hosts.h"

#include <utility>

namespace leat::command {

std::optional<std::vector<Host>> open_hosts(const HostOptions& options,
                                            const std::function<void(const std::string&)>& complain, unsigned cores) {
  HostConfig config = options.config;
  config.on_warning = complain;
  auto hosts = Host::open_cores(config, cores);
  if (hosts) return std::move(*hosts);
  complain(hosts.error().message);
  return std::nullopt;
}

}  // namespace leat::command
