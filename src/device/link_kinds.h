// LinkKind: the facts about each kind of link that a user can name, such as "raw" or "tap". open_device() opens them;
// the API, the command and their help texts ask here what a kind can do.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace leat {

struct LinkKind {
  std::string_view name;
  std::string_view form;               ///< how users write it: "tap:NAME"
  std::string_view help;               ///< what it is and what it needs, in a few words
  bool bare_name = false;              ///< works without ":NAME"
  bool shares_kernel_address = false;  ///< may use the kernel's addresses; else the host needs one of its own
  bool only_kernel_address = false;    ///< and no others; loopback addresses too
  bool several_cores = false;          ///< open_queues() works
  bool several_cores_share = false;    ///< also on the kernel's address
  bool carries_whole_wire = false;     ///< can receive frames for every station, as an end of `leat wire`
  bool in_this_build = true;           ///< false: what it needs was missing when this was built
  bool in_process = false;             ///< joins two hosts of one process, and is no device of the machine
};

std::span<const LinkKind> link_kinds();
/// The kind of a specification, such as "tap:leat0": by what stands in front of the colon. Null when there is none.
const LinkKind* find_link_kind(std::string_view spec);
/// True when `spec` is written as its kind's form says.
bool is_link_spec(std::string_view spec);

/// "raw, raw:INTERFACE, packet:INTERFACE … or tun:NAME": the forms of those kinds for which `wanted` holds.
std::string list_link_forms(bool (*wanted)(const LinkKind&), std::string_view last_separator = ", ");

}  // namespace leat
