#include "tcp/engine/flow_table.h"

#include <limits>
#include <utility>

#include "base/assert.h"

namespace leat {

bool FlowTable::Block::allocate(std::uint32_t n) {
  // calloc: a large block comes as untouched zero pages, so that growing does not stall on filling it.
  entries.reset(static_cast<Entry*>(std::calloc(n, sizeof(Entry))));
  capacity = entries ? n : 0;
  used = 0;
  return capacity != 0;
}

void FlowTable::Block::put(Entry entry) {
  LEAT_ASSERT(used + 1 < capacity);
  std::uint32_t i = entry.hash & (capacity - 1);
  while (entries[i].packed != 0) i = (i + 1) & (capacity - 1);
  entries[i] = entry;
  ++used;
}

FlowTable::Entry* FlowTable::Block::lookup(std::uint32_t hash, std::uint32_t packed) {
  if (used == 0) return nullptr;
  for (std::uint32_t i = hash & (capacity - 1); entries[i].packed != 0; i = (i + 1) & (capacity - 1)) {
    if (entries[i].hash == hash && entries[i].packed == packed) return &entries[i];
  }
  return nullptr;
}

void FlowTable::Block::remove(std::uint32_t index) {
  // Backward shift: later entries of the run move into the hole unless that would put them before their home.
  const std::uint32_t mask = capacity - 1;
  std::uint32_t hole = index;
  for (std::uint32_t i = (hole + 1) & mask; entries[i].packed != 0; i = (i + 1) & mask) {
    const std::uint32_t home = entries[i].hash & mask;
    if (((i - home) & mask) < ((i - hole) & mask)) continue;
    entries[hole] = entries[i];
    hole = i;
  }
  entries[hole] = Entry{};
  --used;
}

bool FlowTable::insert(std::uint32_t hash, FlowRef flow) {
  LEAT_ASSERT(flow.slot <= FlowRef::kMaxSlot);
  if (full()) return false;
  migrate(kMovesPerCall);
  // At most 3/4 full, counting what is still to come from the old block.
  if ((size() + 1) * 4 > std::size_t{live_.capacity} * 3) {
    if (live_.capacity > std::numeric_limits<std::uint32_t>::max() / 2) return false;
    if (!resize(live_.capacity == 0 ? kFirstCapacity : live_.capacity * 2)) return false;
  }
  live_.put({hash, pack(flow)});
  return true;
}

bool FlowTable::erase(std::uint32_t hash, FlowRef flow) {
  Block* block = &live_;
  Entry* entry = live_.lookup(hash, pack(flow));
  if (entry == nullptr) {
    block = &old_;
    entry = old_.lookup(hash, pack(flow));
  }
  if (entry == nullptr) return false;
  block->remove(static_cast<std::uint32_t>(entry - block->entries.get()));
  if (size() == 0) {
    live_ = Block{};
    old_ = Block{};
    return true;
  }
  migrate(kMovesPerCall);
  if (old_.capacity == 0 && live_.capacity > kFirstCapacity && size() < live_.capacity / 8) {
    resize(live_.capacity / 2);  // no memory: it stays large
  }
  return true;
}

bool FlowTable::replace(std::uint32_t hash, FlowRef before, FlowRef after) {
  LEAT_ASSERT(after.slot <= FlowRef::kMaxSlot);
  Entry* entry = live_.lookup(hash, pack(before));
  if (entry == nullptr) entry = old_.lookup(hash, pack(before));
  if (entry == nullptr) return false;
  entry->packed = pack(after);
  return true;
}

bool FlowTable::resize(std::uint32_t capacity) {
  // The pace of migrate() ends a move long before the next one is due; this is for safety.
  migrate(std::numeric_limits<std::uint32_t>::max());
  Block fresh;
  if (!fresh.allocate(capacity)) return false;
  old_ = std::exchange(live_, std::move(fresh));
  migrated_ = 0;
  migrate(kMovesPerCall);
  return true;
}

void FlowTable::migrate(std::uint32_t steps) {
  // The old block stays a valid table while it empties: entries are taken out by backward shift, in the order of the
  // index. Nothing can come to lie below migrated_ again, as nothing is added and runs do not cross a free entry.
  for (; steps > 0 && old_.used > 0; --steps) {
    if (old_.entries[migrated_].packed == 0) {
      ++migrated_;
      continue;
    }
    live_.put(old_.entries[migrated_]);
    old_.remove(migrated_);
  }
  if (old_.used == 0) old_ = Block{};
}

}  // namespace leat
