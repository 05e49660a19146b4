#include "device/testing/conformance_links.h"

#include <gtest/gtest.h>

#include <ostream>

#include "device/af_xdp.h"
#include "device/capture_device.h"
#include "device/impair.h"
#include "device/loopback.h"
#include "device/memory_link.h"
#include "device/memory_pair.h"
#include "device/open_device.h"
#include "device/share_notices.h"
#include "device/testing/in_namespace.h"
#include "device/testing/veth.h"

namespace leat::testing {
namespace {

using Opened = expected<std::unique_ptr<Device>, DeviceError>;

constexpr const char* kQuiet =
    "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; ip link set lo up";
constexpr const char* kNeighbour = "ip neigh replace 10.0.0.1 lladdr 02:00:00:00:00:01 dev v0 nud permanent";

std::unique_ptr<Device> checked(Opened opened) {
  if (opened) return std::move(*opened);
  if (opened.error().code == Error::not_permitted) skip_here(opened.error().message);
  else ADD_FAILURE() << opened.error().message;
  return nullptr;
}

DeviceOptions near_options() {
  DeviceOptions options;
  options.mac = kNearStation;
  options.addresses = {kNear};
  return options;
}

/// From v0, where the device is, to d0. The kernel has no address there, and so answers nothing.
void make_cable() {
  shell(kQuiet);
  make_veth("v0", "d0");
  shell("ip link set v0 address 02:00:00:00:00:02; ip link set d0 address 02:00:00:00:00:01");
}

JoinedLink on_cable(const std::string& spec, const DeviceOptions& options, FarSocketOptions far = {}) {
  auto device = checked(open_device(spec, options));
  if (!device) return {};
  EXPECT_TRUE(!device->caps().shares_host_address || device->claim_port(kNear, 80));
  return {std::move(device), far_socket("d0", far)};
}

JoinedLink packet(BufferPool&) {
  make_cable();
  return on_cable("packet:v0", near_options());
}

/// The kernel does for the interface what it cannot, and the far end is as plain.
JoinedLink packet_on_plain_interface(BufferPool&) {
  make_cable();
  shell("ethtool -K v0 tso off tx off >/dev/null && ethtool -K d0 tx off >/dev/null");
  return on_cable("packet:v0", near_options(), {.has_offloads = false});
}

JoinedLink packet_without_offloads(BufferPool&) {
  make_cable();
  DeviceOptions options = near_options();
  options.offloads = false;
  return on_cable("packet:v0", options);
}

JoinedLink packet_queue(BufferPool&) {
  make_cable();
  auto devices = open_queues("packet:v0", near_options(), 1);
  if (devices) return {std::move(devices->front()), far_socket("d0")};
  ADD_FAILURE() << devices.error().message;
  return {};
}

void share_address() {
  make_cable();
  shell("ip addr add 10.0.0.2/24 dev v0");
  shell(kNeighbour);
}

JoinedLink packet_shared(BufferPool&) {
  share_address();
  DeviceOptions options = near_options();
  options.shares_host_address = true;
  return on_cable("packet:v0", options);
}

JoinedLink raw(BufferPool&) {
  share_address();
  return on_cable("raw:v0", near_options(), {.adds_link = true});
}

JoinedLink tap_or_tun(const std::string& kind, bool offloads) {
  shell(kQuiet);
  DeviceOptions options = near_options();
  options.offloads = offloads;
  auto device = checked(open_device(kind + ":d0", options));
  if (!device) return {};
  if (kind == "tap") shell("ip link set d0 address 02:00:00:00:00:01");
  return {std::move(device), far_socket("d0", {.ethernet = kind == "tap"})};
}

bool has_xdp() {
  const auto refusal = xdp_refusal();
  if (refusal) skip_here(refusal->message);
  return !refusal;
}

JoinedLink xdp(BufferPool&) {
  if (!has_xdp()) return {};
  make_cable();
  return on_cable("xdp:v0", near_options());
}

JoinedLink xdp_shared(BufferPool&) {
  if (!has_xdp()) return {};
  share_address();
  DeviceOptions options = near_options();
  options.shares_host_address = true;
  return on_cable("xdp:v0", options);
}

/// Behind the driver, where the kernel may have joined segments.
JoinedLink xdp_generic(BufferPool&) {
  if (!has_xdp()) return {};
  shell(kQuiet);
  make_veth("v0", "d0");
  shell(
      "ip link set d0 address 02:00:00:00:00:01; "
      "ip link add m0 link v0 address 02:00:00:00:00:02 type macvlan mode bridge; ip link set m0 up");
  return on_cable("xdp:m0", near_options());
}

JoinedLink memory_link(BufferPool& pool) {
  MemoryLink link;
  auto near = checked(link.take_end(kNearStation)), far = checked(link.take_end(kFarStation));
  if (!near || !far) return {};
  return {std::move(near), far_device(std::move(far), pool)};
}

JoinedLink memory_pair(BufferPool& pool) {
  MemoryPair pair(fast_memory_caps());
  return {std::move(pair.first), far_device(std::move(pair.second), pool)};
}

JoinedLink loopback(BufferPool& pool) {
  auto device = checked(open_loopback());
  if (!device) return {};
  auto far = far_self(*device, pool);
  return {std::move(device), std::move(far)};
}

// What stands around another device must not take anything from it.

JoinedLink sharing_notices(BufferPool& pool) {
  JoinedLink link = packet(pool);
  if (link.device) link.device = share_notices(std::move(link.device), [](const std::vector<std::uint8_t>&) {});
  return link;
}

JoinedLink captured(BufferPool& pool) {
  JoinedLink link = packet(pool);
  if (link.device) link.device = checked(capture(std::move(link.device), {"/dev/null", "v0"}));
  return link;
}

JoinedLink impaired(BufferPool& pool) {
  JoinedLink link = packet(pool);
  if (link.device) link.device = checked(impair(std::move(link.device), {Impairment{}}));
  return link;
}

using Super = ConformanceLink::Super;

ConformanceLink like_packet(const char* name, JoinedLink (*join)(BufferPool&)) {
  return {.name = name, .join = join, .pressure = ConformanceLink::Pressure::shaper, .interface = "v0"};
}

std::vector<ConformanceLink> packet_links() {
  ConformanceLink plain = like_packet("packet_on_plain_interface", packet_on_plain_interface);
  plain.partial_in = false, plain.super_in = Super::none, plain.super_out = Super::split;
  ConformanceLink bare = like_packet("packet_without_offloads", packet_without_offloads);
  bare.completes_checksums = false, bare.super_out = Super::none;
  ConformanceLink raw_ip = like_packet("raw", raw);
  raw_ip.completes_checksums = false, raw_ip.super_out = Super::none, raw_ip.after_up = kNeighbour;
  return {like_packet("packet", packet),
          plain,
          bare,
          like_packet("packet_queue", packet_queue),
          like_packet("packet_shared", packet_shared),
          raw_ip};
}

std::vector<ConformanceLink> tap_links() {
  ConformanceLink tap{.name = "tap",
                      .join = [](BufferPool&) { return tap_or_tun("tap", true); },
                      .overflow = ConformanceLink::Overflow::interface,
                      .interface = "d0"};
  ConformanceLink tun = tap;
  tun.name = "tun", tun.join = [](BufferPool&) { return tap_or_tun("tun", true); };
  ConformanceLink bare_tap = tap;
  bare_tap.name = "tap_without_offloads", bare_tap.join = [](BufferPool&) { return tap_or_tun("tap", false); };
  bare_tap.completes_checksums = bare_tap.partial_in = false;
  bare_tap.super_in = Super::split, bare_tap.super_out = Super::none;
  ConformanceLink bare_tun = bare_tap;
  bare_tun.name = "tun_without_offloads", bare_tun.join = [](BufferPool&) { return tap_or_tun("tun", false); };
  return {tap, bare_tap, tun, bare_tun};
}

std::vector<ConformanceLink> xdp_links() {
  ConformanceLink own{.name = "xdp",
                      .join = xdp,
                      .completes_checksums = false,
                      .super_in = Super::split,
                      .super_out = Super::none,
                      .pressure = ConformanceLink::Pressure::down,
                      .overflow = ConformanceLink::Overflow::both,
                      .interface = "v0"};
  ConformanceLink shared = own;
  shared.name = "xdp_shared", shared.join = xdp_shared;
  ConformanceLink generic = own;
  generic.name = "xdp_generic", generic.join = xdp_generic, generic.super_in = Super::whole;
  generic.overflow = ConformanceLink::Overflow::device;
  generic.interface = "m0";
  return {own, shared, generic};
}

std::vector<ConformanceLink> memory_links() {
  ConformanceLink link{.name = "memory_link",
                       .join = memory_link,
                       .pressure = ConformanceLink::Pressure::far,
                       .overflow = ConformanceLink::Overflow::refused};
  ConformanceLink pair = link;
  pair.name = "memory_pair", pair.join = memory_pair;
  ConformanceLink loop = link;
  loop.name = "loopback", loop.join = loopback;
  return {link, pair, loop};
}

std::vector<ConformanceLink> wrapped_links() {
  ConformanceLink faulty = like_packet("impaired", impaired);
  faulty.holds_frames = true;
  return {like_packet("sharing_notices", sharing_notices), like_packet("captured", captured), faulty};
}

}  // namespace

std::vector<ConformanceLink> conformance_links() {
  std::vector<ConformanceLink> all;
  for (const auto& links : {packet_links(), tap_links(), xdp_links(), memory_links(), wrapped_links()}) {
    all.insert(all.end(), links.begin(), links.end());
  }
  return all;
}

void PrintTo(const ConformanceLink& link, std::ostream* out) { *out << link.name; }

}  // namespace leat::testing
