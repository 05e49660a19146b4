#include "api/memory_links.h"

#include <map>
#include <mutex>

#include "device/memory_link.h"
#include "link/forwarding_device.h"

namespace leat {
namespace {

/// The links by name. Two hosts of one process find each other only by the name, so this is the one global variable of
/// the library.
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<MemoryLink>> links;
};
Registry& registry() {
  static Registry r;
  return r;
}

/// Keeps the link alive with its end.
class NamedEnd final : public ForwardingDevice {
 public:
  NamedEnd(std::shared_ptr<MemoryLink> link, std::unique_ptr<Device> end)
      : ForwardingDevice(std::move(end)), link_(std::move(link)) {}
  ~NamedEnd() override { inner_.reset(); }  // before its link

 private:
  std::shared_ptr<MemoryLink> link_;
};

}  // namespace

expected<std::unique_ptr<Device>, DeviceError> open_memory_link(const std::string& name, const MacAddress& mac,
                                                                std::uint32_t mtu) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  std::erase_if(r.links, [](const auto& entry) { return entry.second.expired(); });
  std::shared_ptr<MemoryLink> link = r.links[name].lock();
  if (!link) r.links[name] = link = std::make_shared<MemoryLink>();
  auto end = link->take_end(mac, mtu);
  if (!end) return unexpected(DeviceError{end.error().code, "memory:" + name + ": " + end.error().message});
  return std::unique_ptr<Device>(std::make_unique<NamedEnd>(std::move(link), std::move(*end)));
}

}  // namespace leat
