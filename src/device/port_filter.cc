#include "device/port_filter.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "wire/ethernet.h"
#include "wire/icmp.h"
#include "wire/ipv4.h"

namespace leat {
namespace {

/// A classic BPF program under construction. A return or a jump over a few instructions follows each test, for the case
/// that it fails, so that no jump needs a label.
class Program {
 public:
  void add(int code, std::uint32_t k, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
    code_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, k});
  }
  void load_byte(std::uint32_t at) { add(BPF_LD | BPF_B | BPF_ABS, at); }
  void load_half(std::uint32_t at) { add(BPF_LD | BPF_H | BPF_ABS, at); }
  void load_word(std::uint32_t at) { add(BPF_LD | BPF_W | BPF_ABS, at); }
  void load_byte_at_x(std::uint32_t at) { add(BPF_LD | BPF_B | BPF_IND, at); }
  void load_half_at_x(std::uint32_t at) { add(BPF_LD | BPF_H | BPF_IND, at); }
  void load_number(std::uint32_t k) { add(BPF_LD | BPF_IMM, k); }
  void compute(int operation, std::uint32_t k) { add(BPF_ALU | operation | BPF_K, k); }
  void compute_with_x(int operation) { add(BPF_ALU | operation | BPF_X, 0); }
  void move_to_x() { add(BPF_MISC | BPF_TAX, 0); }
  /// Runs the next `count` instructions only when the accumulator is `k`.
  void if_equal(std::uint32_t k, std::size_t count) {
    add(BPF_JMP | BPF_JEQ | BPF_K, k, 0, static_cast<std::uint8_t>(count));
  }
  void drop() { add(BPF_RET | BPF_K, 0); }
  void accept() { add(BPF_RET | BPF_K, 0xffffffff); }
  void drop_unless_equal(std::uint32_t k) {
    add(BPF_JMP | BPF_JEQ | BPF_K, k, 1, 0);
    drop();
  }
  void append(const Program& other) { code_.insert(code_.end(), other.code_.begin(), other.code_.end()); }
  std::size_t size() const { return code_.size(); }
  std::vector<sock_filter>& code() { return code_; }

 private:
  std::vector<sock_filter> code_;
};

/// Judges the port in the accumulator, and ends.
void judge_port(Program& p, const PortClaims& claims) {
  if (claims.size() <= PortFilter::kMostExact) {
    for (const std::uint16_t port : claims.ports()) {
      p.if_equal(port, 1);
      p.accept();
    }
    return p.drop();
  }
  std::array<std::uint32_t, 2> blocks{};
  for (std::size_t i = 0; i < PortClaims::kBlocks; ++i) {
    if (claims.uses_block(i)) blocks[i / 32] |= std::uint32_t{1} << i % 32;
  }
  p.compute(BPF_RSH, PortClaims::kBlockBits);
  p.add(BPF_ST, 0);  // the block's number, for later
  p.compute(BPF_AND, 31);
  p.move_to_x();
  p.load_number(1);
  p.compute_with_x(BPF_LSH);
  p.move_to_x();
  p.add(BPF_LD | BPF_MEM, 0);
  p.add(BPF_JMP | BPF_JSET | BPF_K, 32, 0, 2);
  p.load_number(blocks[1]);
  p.add(BPF_JMP | BPF_JA, 1);
  p.load_number(blocks[0]);
  p.compute_with_x(BPF_AND);
  p.if_equal(0, 1);
  p.drop();
  p.accept();
}

/// A datagram with TCP in it that begins at `ip`.
void judge_tcp(Program& p, std::uint32_t ip, const PortClaims& claims) {
  p.add(BPF_LDX | BPF_B | BPF_MSH, ip);  // X: the header's length
  p.load_half_at_x(ip + 2);
  judge_port(p, claims);
}

/// A datagram with ICMP in it that begins at `ip`.
void judge_icmp(Program& p, std::uint32_t ip, const PortClaims& claims) {
  constexpr std::uint32_t kProtocol = 9;
  const std::uint32_t quote = ip + IcmpHeader::kSize;
  p.add(BPF_LDX | BPF_B | BPF_MSH, ip);
  p.load_byte_at_x(ip);
  constexpr std::array<IcmpType, 5> kErrors{IcmpType::destination_unreachable, IcmpType::source_quench,
                                            IcmpType::redirect, IcmpType::time_exceeded, IcmpType::parameter_problem};
  p.if_equal(static_cast<std::uint32_t>(IcmpType::echo_reply), 1);
  p.accept();
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    p.if_equal(static_cast<std::uint32_t>(kErrors[i]), 1);
    p.add(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(2 * (kErrors.size() - i) - 1));  // over the drop
  }
  p.drop();
  p.load_byte_at_x(quote + kProtocol);
  p.drop_unless_equal(static_cast<std::uint32_t>(IpProtocol::tcp));
  p.load_byte_at_x(quote);  // the quoted header's length, on top of the outer one's
  p.compute(BPF_AND, 0x0f);
  p.compute(BPF_LSH, 2);
  p.compute_with_x(BPF_ADD);
  p.move_to_x();
  p.load_half_at_x(quote);
  judge_port(p, claims);
}

void judge_frame(Program& p, const MacAddress& station, const PortClaims& claims) {
  constexpr std::uint32_t kEtherType = 12, kArpOperation = 20, kIp = EthernetHeader::kSize, kReply = 2;
  p.load_word(2);
  p.drop_unless_equal(load_be32(station.bytes.data() + 2));
  p.load_half(0);
  p.drop_unless_equal(load_be16(station.bytes.data()));
  p.load_half(kEtherType);
  Program arp, tcp, icmp;
  arp.load_half(kArpOperation);
  arp.drop_unless_equal(kReply);
  arp.accept();
  p.if_equal(static_cast<std::uint32_t>(EtherType::arp), arp.size());
  p.append(arp);
  p.drop_unless_equal(static_cast<std::uint32_t>(EtherType::ipv4));
  p.load_byte(kIp + 9);
  judge_tcp(tcp, kIp, claims);
  judge_icmp(icmp, kIp, claims);
  p.if_equal(static_cast<std::uint32_t>(IpProtocol::tcp), tcp.size());
  p.append(tcp);
  p.if_equal(static_cast<std::uint32_t>(IpProtocol::icmp), icmp.size());
  p.append(icmp);
  p.drop();
}

}  // namespace

bool PortFilter::update(const PortClaims& claims) {
  Program p;
  if (claims.size() == 0 && kind_ == Kind::raw_tcp) {
    p.drop();
  } else if (kind_ == Kind::raw_tcp) {
    judge_tcp(p, 0, claims);
  } else if (kind_ == Kind::raw_icmp) {
    judge_icmp(p, 0, claims);
  } else {
    judge_frame(p, station_, claims);
  }
  std::vector<std::uint64_t> words(p.size());
  static_assert(sizeof(sock_filter) == sizeof(std::uint64_t));
  std::memcpy(words.data(), p.code().data(), p.size() * sizeof(sock_filter));
  if (words == installed_) return true;
  const sock_fprog program{static_cast<unsigned short>(p.size()), p.code().data()};
  if (::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) return false;
  installed_ = std::move(words);
  return true;
}

}  // namespace leat
