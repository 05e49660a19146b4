// FlowTable: from the hash of a 4-tuple to what the engine keeps for it.
//
// Open addressing with linear probing; an entry is 8 bytes (32 bits of hash, 32 bits of kind and slot), so that a
// lookup touches one cache line of the table, and the full key is compared where it lives, by the caller's functor.
// Give it a keyed hash (flow_hash): peers choose ports. It grows and shrinks by moving a few entries with each
// insert and erase, never all at once, and owns no memory until the first insert. The Stack demultiplexes with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>

namespace leat {

enum class FlowKind : std::uint8_t { connection = 1, half_open = 2, time_wait = 3 };

/// What a flow is, and its slot in the table of that kind.
struct FlowRef {
  static constexpr std::uint32_t kMaxSlot = (std::uint32_t{1} << 30) - 1;

  FlowKind kind = FlowKind::connection;
  std::uint32_t slot = 0;  ///< at most kMaxSlot
  constexpr bool operator==(const FlowRef&) const = default;
};

class FlowTable {
 public:
  /// Refuses more than `max_entries` flows.
  explicit FlowTable(std::size_t max_entries) : max_entries_(max_entries) {}

  std::size_t size() const { return live_.used + old_.used; }
  bool full() const { return size() >= max_entries_; }

  /// The flow with this hash for which `matches(FlowRef)` is true. It is asked about equal 32-bit hashes only.
  template <class Matches>
  std::optional<FlowRef> find(std::uint32_t hash, Matches&& matches) const {
    if (const auto found = live_.find(hash, matches)) return found;
    return old_.capacity == 0 ? std::nullopt : old_.find(hash, matches);
  }

  /// Adds a flow that is not in the table. False when it is full, or the system gives no memory.
  bool insert(std::uint32_t hash, FlowRef flow);
  /// Removes exactly this flow; false when it is not there.
  bool erase(std::uint32_t hash, FlowRef flow);
  /// Puts `after` in the place of `before`: a connection that goes to TIME-WAIT. False when `before` is not there.
  bool replace(std::uint32_t hash, FlowRef before, FlowRef after);

  /// Bytes of memory held.
  std::size_t memory() const { return (std::size_t{live_.capacity} + old_.capacity) * sizeof(Entry); }

 private:
  static constexpr std::uint32_t kFirstCapacity = 64;
  static constexpr std::uint32_t kMovesPerCall = 32;

  struct Entry {
    std::uint32_t hash;
    std::uint32_t packed;  // kind << 30 | slot; 0: free, as no kind is 0
  };
  static constexpr std::uint32_t pack(FlowRef f) {
    return std::uint32_t{static_cast<std::uint8_t>(f.kind)} << 30 | f.slot;
  }
  static constexpr FlowRef unpack(std::uint32_t p) { return {static_cast<FlowKind>(p >> 30), p & FlowRef::kMaxSlot}; }

  struct Free {
    void operator()(Entry* p) const { std::free(p); }
  };

  // One block of entries. There is always a free one, which ends every probe.
  struct Block {
    std::unique_ptr<Entry[], Free> entries;
    std::uint32_t capacity = 0;  // 0 or a power of two
    std::uint32_t used = 0;

    bool allocate(std::uint32_t n);
    void put(Entry entry);
    Entry* lookup(std::uint32_t hash, std::uint32_t packed);
    void remove(std::uint32_t index);

    template <class Matches>
    std::optional<FlowRef> find(std::uint32_t hash, Matches&& matches) const {
      if (used == 0) return std::nullopt;
      for (std::uint32_t i = hash & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
        const Entry& e = entries[i];
        if (e.packed == 0) return std::nullopt;
        if (e.hash == hash && matches(unpack(e.packed))) return unpack(e.packed);
      }
    }
  };

  bool resize(std::uint32_t capacity);
  void migrate(std::uint32_t steps);

  Block live_;                  // takes new entries
  Block old_;                   // being emptied into live_, from index 0 on; usually absent
  std::uint32_t migrated_ = 0;  // entries of old_ below this are free
  std::size_t max_entries_;
};

}  // namespace leat
