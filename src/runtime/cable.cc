#include "runtime/cable.h"

#include <algorithm>

#include "device/open_device.h"
#include "wire/ethernet.h"

namespace leat {

Cable::End Cable::make_end(std::unique_ptr<Device> device) {
  const DeviceCaps& caps = device->caps();
  EmulatorOptions options;
  options.link_header = caps.has_link_layer ? EthernetHeader::kSize : 0;
  options.max_super_segment = caps.max_super_segment;
  options.partial_checksums = caps.completes_checksums;
  return {.device = std::move(device), .out = {}, .fit = LinkEmulator({}, options)};
}

expected<std::unique_ptr<Cable>, DeviceError> Cable::create(std::unique_ptr<Device> first,
                                                            std::unique_ptr<Device> second) {
  if (first->caps().has_link_layer != second->caps().has_link_layer) {
    return device_failure(Error::unsupported,
                          "one device carries Ethernet frames and the other bare IP packets: join two of one kind");
  }
  auto poller = Poller::create();
  if (!poller) return device_failure(Error::system, "cannot wait for devices: the system gives no descriptor");
  std::unique_ptr<Cable> cable(new Cable(std::move(*poller), make_end(std::move(first)), make_end(std::move(second))));
  for (unsigned i = 0; i < 2; ++i) {
    const int fd = cable->ends_[i].device->descriptor();
    if (fd < 0 || !cable->poller_.add(fd, i)) {
      return device_failure(Error::unsupported, "this kind of device cannot be waited for");
    }
  }
  return cable;
}

void Cable::stop() {
  stopping_ = true;
  poller_.wake();
}

std::optional<std::size_t> Cable::run(std::optional<Duration> interval, const std::function<void()>& report) {
  Instant now = monotonic_now();
  Instant report_at = interval ? now + *interval : kNever;
  std::uint32_t ready = 3;
  while (!stopping_) {
    for (std::size_t i = 0; i < 2; ++i) {
      End& from = ends_[i];
      if ((ready >> i & 1) != 0) from.more = true;
      send(ends_[1 - i], now);
      if (from.more && ends_[1 - i].out.empty() && !carry(i, now)) return i;
    }
    watch();
    const auto can_go_on = [&](std::size_t i) { return ends_[i].more && ends_[1 - i].out.empty(); };
    if (now >= report_at) {
      report();
      report_at += *interval * ((now - report_at) / *interval + 1);
    }
    ready = poller_.wait(can_go_on(0) || can_go_on(1) ? now : report_at, now);
    now = monotonic_now();
  }
  return std::nullopt;
}

/// Carries one batch from one end to the other. Returns false when the device is gone.
bool Cable::carry(std::size_t from, Instant now) {
  End& source = ends_[from];
  End& sink = ends_[1 - from];
  const auto received = source.device->receive(sink.out, pool_);
  source.more = sink.out.full();
  const auto fits = [&](const Packet& p) { return sink.fit.is_deliverable(p); };
  if (!std::all_of(sink.out.begin(), sink.out.end(), fits)) sink.fit.send(sink.out, now, pool_);
  send(sink, now);
  return received.has_value();
}

/// Sends as much as the device takes.
void Cable::send(End& end, Instant now) {
  for (;;) {
    if (!end.out.empty()) end.device->transmit(end.out);
    if (!end.out.empty() || end.fit.next_arrival() == kNever) return;
    end.fit.receive(end.out, now, pool_);
  }
}

/// Waits for input from an end only while the other end takes frames, and for room at an end that is blocked.
void Cable::watch() {
  for (std::size_t i = 0; i < 2; ++i) {
    End& end = ends_[i];
    const int fd = end.device->descriptor();
    const bool blocked = !end.out.empty();
    const bool separate = end.device->write_descriptor() != fd;  // then it becomes readable when it has room again
    const bool listens = ends_[1 - i].out.empty() || (separate && blocked);
    const bool writes = blocked && !separate;
    if (listens == end.listens && writes == end.writes) continue;
    end.listens = listens, end.writes = writes;
    poller_.change(fd, static_cast<unsigned>(i), {.input = listens, .output = writes});
  }
}

}  // namespace leat
