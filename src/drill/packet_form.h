// A packet as a script writes it: `< S 0:0(0) win 100 <mss 1000>`, with numbers relative and time stamps symbolic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "leat/address.h"

namespace leat::drill {

enum class Direction : std::uint8_t {
  in,   ///< < : to the stack under test
  out,  ///< > : from it
};

enum class EcnForm : std::uint8_t { none, ect1, ect0, ce, either_ect };

/// The words in [ ] or ( ) behind the direction. Absent fields are not compared, and are zero in packets to the stack.
struct IpForm {
  std::optional<EcnForm> ecn;
  std::optional<std::uint8_t> tos;
  std::optional<std::uint32_t> flow_label;
  std::optional<std::uint8_t> ttl;
};

/// A header around the packet.
struct EncapsulationForm {
  enum class Kind : std::uint8_t { ipv4, ipv6, gre, mpls };
  struct Label {
    std::uint32_t label = 0;
    std::uint8_t traffic_class = 0, ttl = 0;
    bool is_bottom = false;
  };
  Kind kind = Kind::ipv4;
  IpForm ip{};
  IpAddress source{}, destination{};
  bool has_checksum = false;
  std::uint16_t checksum = 0;
  std::optional<std::uint16_t> protocol{};
  std::optional<std::uint32_t> key{}, sequence{};
  std::vector<Label> labels{};
};

struct PortsForm {
  std::uint16_t source = 0, destination = 0;
};

struct TcpOptionForm {
  enum class Kind : std::uint8_t {
    mss,
    wscale,
    sack_ok,
    sack,
    timestamps,
    nop,
    eol,
    md5,
    fast_open,
    fast_open_exp,
    accecn
  };
  struct Range {
    std::uint32_t begin = 0, end = 0;
    bool operator==(const Range&) const = default;
  };
  struct EcnCount {
    std::uint8_t which = 0;  ///< 0: e0b, 1: ceb, 2: e1b
    std::uint32_t bytes = 0;
    bool operator==(const EcnCount&) const = default;
  };
  Kind kind = Kind::nop;
  std::uint32_t first = 0;            ///< mss, wscale, TS val
  std::uint32_t second = 0;           ///< TS ecr
  std::vector<Range> ranges{};        ///< of SACK
  std::vector<std::uint8_t> bytes{};  ///< digest, cookie
  std::vector<EcnCount> counts{};     ///< of AccECN, in the order of the option
  bool operator==(const TcpOptionForm&) const = default;
};

constexpr std::uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08;
constexpr std::uint8_t kAck = 0x10, kUrg = 0x20, kEce = 0x40, kCwr = 0x80;

/// The nine control bits; with `ace`, the upper three are a number (AccECN).
struct TcpFlagsForm {
  std::uint8_t bits = 0;  ///< the sum of kFin to kCwr
  bool ae = false;
  std::optional<std::uint8_t> ace;
  bool has(std::uint8_t bit) const { return (bits & bit) != 0; }
};

struct TcpForm {
  TcpFlagsForm flags;
  std::uint32_t seq = 0;
  std::uint32_t length = 0;
  std::optional<std::uint32_t> ack;
  std::optional<std::uint16_t> window;
  std::optional<std::uint16_t> urgent;
  bool any_options = false;  ///< <...>
  std::vector<TcpOptionForm> options;
};

struct UdpForm {
  std::uint32_t length = 0;
};

struct IcmpForm {
  enum class Quote : std::uint8_t { none, tcp, udp, raw };
  std::uint8_t type = 0, code = 0;
  std::optional<std::uint32_t> mtu;
  std::optional<std::uint16_t> id;
  Quote quote = Quote::none;
  std::uint32_t seq = 0;     ///< of the quoted TCP segment
  std::uint32_t length = 0;  ///< of the quoted payload
};

struct PacketForm {
  Direction direction = Direction::in;
  IpForm ip;
  std::vector<EncapsulationForm> encapsulation;
  std::optional<PortsForm> ports;
  std::variant<TcpForm, UdpForm, IcmpForm> body;

  const TcpForm* tcp() const { return std::get_if<TcpForm>(&body); }
  const UdpForm* udp() const { return std::get_if<UdpForm>(&body); }
  const IcmpForm* icmp() const { return std::get_if<IcmpForm>(&body); }
};

}  // namespace leat::drill
