#include "stack/testing/scripted_peer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/tcp_options.h"

namespace leat::testing {
namespace {

constexpr std::pair<char, TcpFlags> kLetters[] = {{'S', kTcpSyn}, {'F', kTcpFin}, {'R', kTcpRst}, {'P', kTcpPsh},
                                                  {'U', kTcpUrg}, {'E', kTcpEce}, {'W', kTcpCwr}, {'.', kTcpAck}};

/// "3:8" or "3".
std::pair<std::int64_t, std::int64_t> range(const std::string& word) {
  const std::size_t colon = word.find(':');
  const std::int64_t begin = std::stoll(word);
  return {begin, colon == std::string::npos ? begin : std::stoll(word.substr(colon + 1))};
}

}  // namespace

RawSegment RawSegment::from_text(std::string_view text) {
  RawSegment segment;
  std::istringstream in{std::string(text)};
  std::string word, number;
  in >> word;
  for (char c : word == "none" ? "" : word) {
    for (const auto& [letter, flag] : kLetters) {
      if (c == letter) segment.flags |= flag;
    }
  }
  in >> number;
  const auto [begin, end] = range(number);
  segment.seq = begin;
  segment.length = static_cast<std::uint32_t>(end - begin);
  while (in >> word >> number) {
    if (word == "ack") segment.ack = std::stoll(number);
    if (word == "win") segment.window = static_cast<std::uint32_t>(std::stoul(number));
    if (word == "urg") segment.urgent = static_cast<std::uint16_t>(std::stoul(number));
    if (word == "mss") segment.mss = static_cast<std::uint16_t>(std::stoul(number));
    if (word == "sack") segment.sack.push_back(range(number));
  }
  return segment;
}

std::string RawSegment::to_text() const {
  std::ostringstream out;
  for (const auto& [letter, flag] : kLetters) {
    if ((flags.bits() & flag.bits()) != 0) out << letter;
  }
  if (flags.bits() == 0) out << "none";
  out << ' ' << seq;
  if (length > 0) out << ':' << seq + length;
  if (flags.ack()) out << " ack " << ack;
  if (window == 0u && !flags.rst()) out << " win 0";
  if (flags.urg()) out << " urg " << urgent;
  for (const auto& [begin, end] : sack) out << " sack " << begin << ':' << end;
  return out.str();
}

std::vector<std::uint8_t> ScriptedPeer::build(const RawSegment& segment) const {
  const SeqNum other_isn = other_isn_.value_or(SeqNum(0));
  TcpOptionSet options;
  options.mss = segment.mss;
  for (const auto& [begin, end] : segment.sack) {
    if (options.sack_count == TcpOptionSet::kMaxSackBlocks) break;
    options.sack[options.sack_count++] = {other_isn + static_cast<std::uint32_t>(begin),
                                          other_isn + static_cast<std::uint32_t>(end)};
  }
  TcpHeader tcp;
  tcp.source_port = self_.port, tcp.destination_port = other_.port;
  tcp.seq = isn_ + static_cast<std::uint32_t>(segment.seq);
  if (segment.flags.ack()) tcp.ack = other_isn + static_cast<std::uint32_t>(segment.ack);
  tcp.flags = segment.flags;
  tcp.window = static_cast<std::uint16_t>(segment.window.value_or(window));
  tcp.urgent = segment.urgent;
  tcp.header_length = static_cast<std::uint8_t>(TcpHeader::kSize + options.encoded_size());

  Ipv4Header ip;
  ip.source = self_.address, ip.destination = other_.address;
  ip.total_length = static_cast<std::uint16_t>(Ipv4Header::kSize + tcp.header_length + segment.length);

  std::vector<std::uint8_t> datagram(ip.total_length);
  const MutableBytes all(datagram), transport = all.subspan(Ipv4Header::kSize);
  ip.write(all);
  tcp.write(transport);
  options.encode(transport.subspan(TcpHeader::kSize));
  const std::int64_t first = segment.seq + (segment.flags.syn() ? 1 : 0);
  for (std::uint32_t i = 0; i < segment.length; ++i) transport[tcp.header_length + i] = pattern(first + i);
  ChecksumAccumulator sum;
  sum.add_pseudo_header(ip.source, ip.destination, static_cast<std::uint8_t>(IpProtocol::tcp),
                        static_cast<std::uint32_t>(transport.size()));
  sum.add(transport);
  store_be16(transport.data() + TcpHeader::kChecksumOffset, sum.finish());
  return datagram;
}

std::optional<RawSegment> ScriptedPeer::parse(Bytes datagram) {
  const auto ip = Ipv4Header::parse(datagram);
  if (!ip || ip->protocol != IpProtocol::tcp || ip->destination != self_.address) return std::nullopt;
  const Bytes transport = datagram.subspan(ip->header_length, ip->payload_length());
  const auto tcp = TcpHeader::parse(transport);
  if (!tcp || tcp->destination_port != self_.port || tcp->source_port != other_.port) return std::nullopt;
  ChecksumAccumulator sum;
  sum.add_pseudo_header(ip->source, ip->destination, static_cast<std::uint8_t>(IpProtocol::tcp),
                        static_cast<std::uint32_t>(transport.size()));
  sum.add(transport);
  EXPECT_TRUE(sum.is_valid()) << "a bad TCP checksum";

  if (tcp->flags.syn() && !other_isn_) other_isn_ = tcp->seq;
  const SeqNum other_isn = other_isn_.value_or(SeqNum(0));
  RawSegment segment;
  segment.flags = tcp->flags;
  segment.seq = static_cast<std::int32_t>(tcp->seq - other_isn);
  if (tcp->flags.rst() && tcp->seq == SeqNum(0)) segment.seq = 0;  // answers what has no ACK: no number of the stream
  segment.length = static_cast<std::uint32_t>(transport.size() - tcp->header_length);
  segment.ack = static_cast<std::int32_t>(tcp->ack - isn_);
  segment.window = tcp->window;
  segment.urgent = tcp->urgent;
  const auto options = TcpOptionSet::parse(tcp->options(transport));
  EXPECT_TRUE(options.has_value()) << "malformed options";
  if (options) {
    segment.mss = options->mss;
    for (const SackBlock& b : options->sack_blocks()) {
      segment.sack.emplace_back(static_cast<std::int32_t>(b.begin - isn_), static_cast<std::int32_t>(b.end - isn_));
    }
  }
  const std::int64_t first = segment.seq + (segment.flags.syn() ? 1 : 0);
  for (std::uint32_t i = 0; i < segment.length; ++i) {
    EXPECT_EQ(transport[tcp->header_length + i], pattern(first + i)) << "the byte at " << first + i;
  }
  return segment;
}

void ScriptedPeer::forget(SeqNum isn) {
  isn_ = isn;
  other_isn_.reset();
}

}  // namespace leat::testing
