#include "device/link_kinds.h"

#include <algorithm>
#include <vector>

namespace leat {
namespace {

#ifdef LEAT_HAS_XDP
constexpr bool kHasXdp = true;
#else
constexpr bool kHasXdp = false;
#endif

constexpr LinkKind kKinds[] = {
    {.name = "raw",
     .form = "raw, raw:INTERFACE",
     .help = "raw sockets on the machine's own addresses; the kernel routes",
     .bare_name = true,
     .shares_kernel_address = true,
     .only_kernel_address = true},
    {.name = "packet",
     .form = "packet:INTERFACE",
     .help = "whole frames of an Ethernet interface, with an address of its own or with the kernel's",
     .shares_kernel_address = true,
     .several_cores = true,
     .carries_whole_wire = true},
    {.name = "xdp",
     .form = "xdp:INTERFACE[:QUEUE]",
     .help = "the same by AF_XDP, for root; the kernel does not see the host's packets",
     .shares_kernel_address = true,
     .several_cores = true,
     .several_cores_share = true,
     .in_this_build = kHasXdp},
    {.name = "tap",
     .form = "tap:NAME",
     .help = "Ethernet frames of a TAP device, which is made when missing; needs access to /dev/net/tun",
     .several_cores = true,
     .carries_whole_wire = true},
    {.name = "tun",
     .form = "tun:NAME",
     .help = "IP packets of a TUN device, which is made when missing; needs access to /dev/net/tun",
     .several_cores = true,
     .carries_whole_wire = true},
    {.name = "memory", .form = "memory:NAME", .help = "joins two hosts of one process", .in_process = true},
};

}  // namespace

std::span<const LinkKind> link_kinds() { return kKinds; }

const LinkKind* find_link_kind(std::string_view spec) {
  const std::string_view name = spec.substr(0, spec.find(':'));
  const auto kind =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const LinkKind& k) { return k.name == name; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

bool is_link_spec(std::string_view spec) {
  const LinkKind* kind = find_link_kind(spec);
  if (kind == nullptr) return false;
  return spec == kind->name ? kind->bare_name : spec.size() > kind->name.size() + 1;
}

std::string list_link_forms(bool (*wanted)(const LinkKind&), std::string_view last_separator) {
  std::vector<std::string_view> forms;
  for (const LinkKind& kind : kKinds) {
    if (wanted(kind)) forms.push_back(kind.form);
  }
  std::string list;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    if (i > 0) list += i + 1 == forms.size() ? last_separator : std::string_view(", ");
    list += forms[i];
  }
  return list;
}

}  // namespace leat
