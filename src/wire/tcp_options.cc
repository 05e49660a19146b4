#include "wire/tcp_options.h"

#include <algorithm>

namespace leat {
namespace {

enum Kind : std::uint8_t {
  kEnd = 0,
  kNop = 1,
  kMss = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
};

constexpr std::uint32_t kAlignedTimestamps = 0x0101080a;  // NOP NOP kind 8, length 10

TcpTimestamps load_timestamps(const std::uint8_t* p) { return {load_be32(p), load_be32(p + 4)}; }

/// Reads one option with a valid length byte. `body` are the bytes behind kind and length.
void read_option(TcpOptionSet& set, std::uint8_t kind, Bytes body) {
  const std::uint8_t* p = body.data();
  switch (kind) {
    case kMss:
      if (body.size() == 2 && load_be16(p) != 0) set.mss = load_be16(p);
      break;
    case kWindowScale:
      if (body.size() == 1) set.window_scale = *p;
      break;
    case kSackPermitted:
      if (body.empty()) set.sack_permitted = true;
      break;
    case kSack:
      if (body.empty() || body.size() % 8 != 0 || body.size() > 8 * TcpOptionSet::kMaxSackBlocks) break;
      set.sack_count = static_cast<std::uint8_t>(body.size() / 8);
      for (std::size_t i = 0; i < set.sack_count; ++i) {
        set.sack[i] = {SeqNum(load_be32(p + 8 * i)), SeqNum(load_be32(p + 8 * i + 4))};
      }
      break;
    case kTimestamps:
      if (body.size() == 8) set.timestamps = load_timestamps(p);
      break;
    default: break;
  }
}

/// Adds the options to `set` up to the first with an impossible length. True when there is none.
bool read_options(TcpOptionSet& set, Bytes options) {
  if (options.size() == 12 && load_be32(options.data()) == kAlignedTimestamps) {  // nearly every segment
    set.timestamps = load_timestamps(options.data() + 4);
    return true;
  }
  while (!options.empty()) {
    const std::uint8_t kind = options[0];
    if (kind == kEnd) break;
    if (kind == kNop) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2 || options[1] < 2 || options[1] > options.size()) return false;
    read_option(set, kind, options.subspan(2, options[1] - 2u));
    options = options.subspan(options[1]);
  }
  return true;
}

std::size_t size_without_sack(const TcpOptionSet& s) {
  std::size_t size = s.mss ? 4 : 0;
  if (s.timestamps) size += 12;
  if (s.sack_permitted && !s.timestamps) size += 4;
  if (s.window_scale) size += 4;
  return size;
}

std::size_t blocks_that_fit(const TcpOptionSet& s) {
  if (s.sack_count == 0) return 0;
  return std::min<std::size_t>(s.sack_count, (TcpOptionSet::kMaxSize - 4 - size_without_sack(s)) / 8);
}

}  // namespace

bool TcpOptionSet::operator==(const TcpOptionSet& other) const {
  return mss == other.mss && window_scale == other.window_scale && sack_permitted == other.sack_permitted &&
         timestamps == other.timestamps &&
         std::equal(sack_blocks().begin(), sack_blocks().end(), other.sack_blocks().begin(), other.sack_blocks().end());
}

std::optional<TcpOptionSet> TcpOptionSet::parse(Bytes options) {
  TcpOptionSet set;
  return read_options(set, options) ? std::optional(set) : std::nullopt;
}

TcpOptionSet TcpOptionSet::parse_valid_part(Bytes options) {
  TcpOptionSet set;
  read_options(set, options);
  return set;
}

std::size_t TcpOptionSet::encoded_size() const {
  const std::size_t blocks = blocks_that_fit(*this);
  return size_without_sack(*this) + (blocks == 0 ? 0 : 4 + 8 * blocks);
}

void TcpOptionSet::encode(MutableBytes out) const {
  std::uint8_t* p = out.data();
  const auto word = [&p](std::uint32_t v) { store_be32(p, v), p += 4; };
  if (mss) word(std::uint32_t{kMss} << 24 | 4u << 16 | *mss);
  if (timestamps) {
    word(sack_permitted ? 0x0402080a : kAlignedTimestamps);
    word(timestamps->value);
    word(timestamps->echo_reply);
  } else if (sack_permitted) {
    word(0x01010402);
  }
  if (window_scale) word(0x01030300u | *window_scale);
  const std::size_t blocks = blocks_that_fit(*this);
  if (blocks == 0) return;
  word(0x01010500u | static_cast<std::uint32_t>(2 + 8 * blocks));
  for (std::size_t i = 0; i < blocks; ++i) {
    word(sack[i].begin.raw());
    word(sack[i].end.raw());
  }
}

}  // namespace leat
