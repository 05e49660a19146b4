#include "device/xdp/redirect_program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_link.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "device/interface_info.h"
#include "device/port_claims.h"
#include "device/xdp/instructions.h"
#include "wire/arp.h"
#include "wire/ethernet.h"
#include "wire/ipv4.h"

namespace leat::xdp {
namespace {

/// The key of the map; both fields in network byte order.
struct Key {
  std::uint32_t address;
  std::uint16_t port;
  std::uint16_t unused;
};
constexpr std::uint32_t kMostKeys = 2 * PortClaims::kMaxGuards;
// The registers of BPF by use. Calls overwrite R1 to R5.
// NOLINTNEXTLINE(readability-identifier-naming): as everybody calls them
constexpr Instructions::Register R0 = 0, R1 = 1, R2 = 2, R3 = 3, kContext = 6, kFrame = 7, kEnd = 8, kStack = 10;
constexpr std::int16_t kKeyAt = -static_cast<std::int16_t>(sizeof(Key));
constexpr std::int16_t kPortAt = kKeyAt + static_cast<std::int16_t>(offsetof(Key, port));
constexpr std::int16_t kIp = EthernetHeader::kSize;

/// The number as a load from a packet gives it.
template <class T>
T as_loaded(const std::uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

using Width = Instructions::Width;

/// Looks the key on the stack up in the map: R0 is an address, or null when it is not there.
void look_up(Instructions& p, int ours) {
  p.set_map(R1, ours);
  p.copy(R2, kStack);
  p.compute(BPF_ADD, R2, kKeyAt);
  p.call(BPF_FUNC_map_lookup_elem);
}

/// Makes the address at offset `at` of the frame the key, with port 0.
void make_key(Instructions& p, std::int16_t at) {
  p.load(Width::word, R2, kFrame, at);
  p.store(Width::word, kStack, kKeyAt, R2);
  p.store_number(Width::word, kStack, kPortAt, 0);
}

/// Jumps to `pass` unless the frame has `size` bytes.
void need(Instructions& p, std::int32_t size, Instructions::Label pass) {
  p.copy(R1, kFrame);
  p.compute(BPF_ADD, R1, size);
  p.jump_if_above(R1, kEnd, pass);
}

/// Adds the TCP destination port to the key, for a datagram that is not a fragment.
void add_port(Instructions& p, Instructions::Label pass) {
  constexpr std::uint8_t kOnlyThese[] = {0x3f, 0xff};  // "more fragments" and the offset (RFC 791 §3.1)
  p.load(Width::byte, R2, kFrame, kIp + 9);
  p.jump_if(BPF_JNE, R2, static_cast<std::uint32_t>(IpProtocol::tcp), pass);
  p.load(Width::half, R2, kFrame, kIp + 6);
  p.jump_if(BPF_JSET, R2, as_loaded<std::uint16_t>(kOnlyThese), pass);
  p.load(Width::byte, R2, kFrame, kIp);
  p.compute(BPF_AND, R2, 0x0f);
  p.jump_if(BPF_JLT, R2, Ipv4Header::kSize / 4, pass);
  p.compute(BPF_LSH, R2, 2);
  p.copy(R1, kFrame);
  p.compute_with(BPF_ADD, R1, R2);
  p.copy(R3, R1);
  p.compute(BPF_ADD, R3, kIp + 4);
  p.jump_if_above(R3, kEnd, pass);
  p.load(Width::half, R2, R1, kIp + 2);
  p.store(Width::half, kStack, kPortAt, R2);
}

std::vector<bpf_insn> instructions(const MacAddress& station, int ours, int sockets) {
  constexpr std::uint8_t kArp[] = {0x08, 0x06}, kIpv4[] = {0x08, 0x00};
  constexpr std::uint8_t kArpForIpv4[] = {0x08, 0x00, 6, 4};
  constexpr std::int16_t kArpTarget = kIp + 24;
  Instructions p;
  const auto pass = p.label(), redirect = p.label(), arp = p.label();
  p.copy(kContext, R1);
  p.load(Width::word, kFrame, kContext, offsetof(xdp_md, data));
  p.load(Width::word, kEnd, kContext, offsetof(xdp_md, data_end));
  need(p, kIp + Ipv4Header::kSize, pass);
  p.load(Width::half, R2, kFrame, 12);
  p.jump_if(BPF_JEQ, R2, as_loaded<std::uint16_t>(kArp), arp);
  p.jump_if(BPF_JNE, R2, as_loaded<std::uint16_t>(kIpv4), pass);
  p.load(Width::word, R2, kFrame, 0);
  p.jump_if(BPF_JNE, R2, as_loaded<std::uint32_t>(station.bytes.data()), pass);
  p.load(Width::half, R2, kFrame, 4);
  p.jump_if(BPF_JNE, R2, as_loaded<std::uint16_t>(station.bytes.data() + 4), pass);
  make_key(p, kIp + Ipv4Header::kDestinationOffset);
  look_up(p, ours);
  p.jump_unless_null(R0, redirect);
  add_port(p, pass);
  look_up(p, ours);
  p.jump_unless_null(R0, redirect);
  p.set(R0, XDP_PASS);
  p.leave();

  p.here(arp);
  need(p, kIp + ArpPacket::kSize, pass);
  p.load(Width::word, R2, kFrame, kIp + 2);
  p.jump_if(BPF_JNE, R2, as_loaded<std::uint32_t>(kArpForIpv4), pass);
  make_key(p, kArpTarget);
  look_up(p, ours);
  p.jump_if_null(R0, pass);

  p.here(redirect);
  p.set_map(R1, sockets);
  p.load(Width::word, R2, kContext, offsetof(xdp_md, rx_queue_index));
  p.set(R3, XDP_PASS);  // for a queue without a socket
  p.call(BPF_FUNC_redirect_map);
  p.leave();

  p.here(pass);
  p.set(R0, XDP_PASS);
  p.leave();
  return std::move(p).finish();
}

unexpected<DeviceError> refused(const std::string& what, const std::string& interface) {
  const int reason = errno;
  if (reason == EPERM || reason == EACCES) {
    return device_failure(Error::not_permitted, "may not " + what + " on " + interface + ": " + advice_for_xdp());
  }
  return device_failure(reason == EINVAL || reason == EOPNOTSUPP ? Error::unsupported : Error::system,
                        "cannot " + what + " on " + interface + ": " + std::strerror(reason) +
                            "; use packet:" + interface + " where AF_XDP is not to be had");
}

Key key_of(const IpAddress& address, std::uint16_t port) { return {htonl(address.v4_value()), htons(port), 0}; }

}  // namespace

expected<RedirectProgram, DeviceError> RedirectProgram::load(const std::string& interface, const MacAddress& station,
                                                             unsigned queues) {
  RedirectProgram p;
  bpf_map_create_opts no_preallocation{};
  no_preallocation.sz = sizeof no_preallocation;
  no_preallocation.map_flags = BPF_F_NO_PREALLOC;
  p.ours_ = UniqueFd(::bpf_map_create(BPF_MAP_TYPE_HASH, "leat_ours", sizeof(Key), sizeof(std::uint32_t), kMostKeys,
                                      &no_preallocation));
  if (!p.ours_) return refused("make a BPF map for XDP", interface);
  p.sockets_ = UniqueFd(::bpf_map_create(BPF_MAP_TYPE_XSKMAP, "leat_sockets", sizeof(std::uint32_t),
                                         sizeof(std::uint32_t), queues, nullptr));
  if (!p.sockets_) return refused("make a map of AF_XDP sockets", interface);
  const auto code = instructions(station, p.ours_.get(), p.sockets_.get());
  bpf_prog_load_opts any_frames{};
  any_frames.sz = sizeof any_frames;
  any_frames.prog_flags = BPF_F_XDP_HAS_FRAGS;
  p.program_ = UniqueFd(
      ::bpf_prog_load(BPF_PROG_TYPE_XDP, "leat_redirect", "Apache-2.0", code.data(), code.size(), &any_frames));
  if (!p.program_ && errno == EINVAL) {  // before Linux 5.18 there is no such flag
    p.program_ =
        UniqueFd(::bpf_prog_load(BPF_PROG_TYPE_XDP, "leat_redirect", "Apache-2.0", code.data(), code.size(), nullptr));
  }
  if (!p.program_) return refused("load the XDP program", interface);
  return p;
}

expected<Mode, DeviceError> RedirectProgram::attach(const std::string& interface, int index) {
  for (const Mode mode : {Mode::native, Mode::generic}) {
    bpf_link_create_opts options{};
    options.sz = sizeof options;
    options.flags = mode == Mode::native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
    link_ = UniqueFd(::bpf_link_create(program_.get(), index, BPF_XDP, &options));
    if (link_) return mode;
    if (errno == EBUSY || errno == EEXIST) {
      return device_failure(
          Error::address_in_use,
          "another XDP program is attached to " + interface + " (`ip link show " + interface +
              "` tells which): end the program that holds it, or take it off with `sudo ip link set " + interface +
              " xdp off`, or use packet:" + interface);
    }
    if (errno == EPERM) break;
    if (mode == Mode::native) refusal_ = std::strerror(errno);
  }
  return refused("attach an XDP program", interface);
}

bool RedirectProgram::set_socket(unsigned queue, int socket) {
  return ::bpf_map_update_elem(sockets_.get(), &queue, &socket, BPF_ANY) == 0;
}

bool RedirectProgram::take(const IpAddress& address, std::uint16_t port) {
  const Key key = key_of(address, port);
  const std::uint32_t value = 1;
  return ::bpf_map_update_elem(ours_.get(), &key, &value, BPF_ANY) == 0;
}

bool RedirectProgram::give_back(const IpAddress& address, std::uint16_t port) {
  const Key key = key_of(address, port);
  return ::bpf_map_delete_elem(ours_.get(), &key) == 0 || errno == ENOENT;
}

}  // namespace leat::xdp
