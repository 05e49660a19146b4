#include "api/memory_links.h"

#include <map>
#include <mutex>

#include "device/memory_link.h"

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

/// An end of a link, which keeps the link alive.
class NamedEnd final : public Device {
 public:
  NamedEnd(std::shared_ptr<MemoryLink> link, std::unique_ptr<Device> end)
      : link_(std::move(link)), end_(std::move(end)) {}

  const DeviceCaps& caps() const override { return end_->caps(); }
  expected<void, Error> receive(PacketBatch& batch, BufferPool& pool) override { return end_->receive(batch, pool); }
  void transmit(PacketBatch& batch) override { end_->transmit(batch); }
  int descriptor() const override { return end_->descriptor(); }
  int write_descriptor() const override { return end_->write_descriptor(); }
  DeviceCounters counters() const override { return end_->counters(); }

 private:
  std::shared_ptr<MemoryLink> link_;
  std::unique_ptr<Device> end_;  ///< destroyed before its link
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
