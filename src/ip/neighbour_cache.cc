#include "ip/neighbour_cache.h"

#include <algorithm>

namespace leat {

NeighbourVerdict NeighbourCache::send(const IpAddress& next_hop, const IpAddress& source, Packet& packet, Instant now) {
  Entry* entry = find(next_hop);
  if (entry == nullptr) {
    entry = create(next_hop, false, now);
    if (entry == nullptr) return {};
    entry->source = source;
    ask(*entry, now);
  }
  touch(*entry, now);
  if (entry->state == State::incomplete) return enqueue(*entry, packet);
  if (entry->state == State::reachable && is_expired(*entry, now)) entry->state = State::stale;
  if (entry->state == State::stale) {
    entry->state = State::delay;
    entry->source = source;
    arm(*entry, now + config_.delay);
  }
  return {NeighbourVerdict::Outcome::ready, entry->mac, 0};
}

NeighbourVerdict NeighbourCache::enqueue(Entry& entry, Packet& packet) {
  NeighbourVerdict verdict;
  const auto is_full = [&] {
    return entry.queue.size() >= config_.max_waiting || waiting_ >= config_.max_waiting_total ||
           entry.queued_bytes + packet.size() > config_.max_waiting_bytes;
  };
  while (!entry.queue.empty() && is_full()) {
    entry.queued_bytes -= entry.queue.front().size();
    entry.queue.erase(entry.queue.begin());
    --waiting_;
    ++verdict.displaced;
  }
  if (waiting_ >= config_.max_waiting_total) {
    packet.clear();
    return verdict;
  }
  entry.queued_bytes += packet.size();
  entry.queue.push_back(std::move(packet));
  ++waiting_;
  verdict.outcome = NeighbourVerdict::Outcome::waiting;
  return verdict;
}

void NeighbourCache::confirm(const IpAddress& neighbour, Instant now) {
  Entry* entry = find(neighbour);
  if (entry != nullptr && entry->state != State::incomplete) set_reachable(*entry, now);
}

bool NeighbourCache::doubt(const IpAddress& neighbour, const IpAddress& source, Instant now) {
  Entry* entry = find(neighbour);
  if (entry == nullptr || entry->state == State::incomplete || entry->state == State::probe) return false;
  if (entry->confirmed_at != kNever && now - entry->confirmed_at < config_.retry) return false;
  entry->state = State::probe;
  entry->source = source;
  entry->doubted = true;
  entry->asked = 0;
  ask(*entry, now);
  return true;
}

bool NeighbourCache::on_answer(const IpAddress& neighbour, const MacAddress& mac, Instant now) {
  Entry* entry = find(neighbour);
  if (entry == nullptr || (entry->state != State::incomplete && entry->state != State::probe)) return false;
  take_address(*entry, mac);
  set_reachable(*entry, now);
  return true;
}

bool NeighbourCache::on_heard(const IpAddress& neighbour, const MacAddress& mac, bool may_create, Instant now) {
  Entry* entry = find(neighbour);
  if (entry == nullptr) {
    if (!may_create) return false;
    entry = create(neighbour, true, now);
    if (entry == nullptr) return false;
  } else if (entry->state != State::incomplete && entry->mac == mac) {
    return true;  // the same address: a confirmed entry stays confirmed
  }
  take_address(*entry, mac);
  entry->state = State::stale;
  entry->due = kNever;
  entry->asked = 0;
  entry->doubted = false;
  return true;
}

void NeighbourCache::run(Instant now) {
  if (now < next_deadline_) return;
  next_deadline_ = kNever;
  for (auto it = entries_.begin(); it != entries_.end();) {
    Entry& entry = it->second;
    if (entry.due > now) {
      next_deadline_ = std::min(next_deadline_, entry.due);
      ++it;
      continue;
    }
    if (entry.state != State::delay && entry.asked >= config_.tries) {
      give_up(entry);
      it = entries_.erase(it);
      continue;
    }
    if (entry.state == State::delay) {
      entry.state = State::probe;
      entry.asked = 0;
    }
    ask(entry, now);
    ++it;
  }
}

void NeighbourCache::ask(Entry& entry, Instant now) {
  ++entry.asked;
  arm(entry, now + config_.retry);
  // At most one open question for each neighbour is useful. More are here only when the owner does not fetch them.
  if (solicitations_.size() >= config_.max_entries) solicitations_.pop_front();
  solicitations_.push_back({*entry.address, entry.source, {}});
  const bool by_unicast = entry.state == State::probe && (!entry.doubted || entry.asked == 1);
  if (by_unicast) solicitations_.back().unicast_to = entry.mac;
}

void NeighbourCache::give_up(Entry& entry) {
  ++failures_;
  for (Packet& p : entry.queue) failed_.push_back(std::move(p));
  entry.queue.clear();
}

/// Stores the link address and releases the packets that waited for it.
void NeighbourCache::take_address(Entry& entry, const MacAddress& mac) {
  entry.mac = mac;
  for (Packet& p : entry.queue) released_.push_back({std::move(p), mac});
  entry.queue = std::vector<Packet>();
  entry.queued_bytes = 0;
}

void NeighbourCache::set_reachable(Entry& entry, Instant now) {
  entry.state = State::reachable;
  entry.confirmed_at = now;
  entry.due = kNever;
  entry.asked = 0;
  entry.doubted = false;
}

void NeighbourCache::arm(Entry& entry, Instant due) {
  entry.due = due;
  next_deadline_ = std::min(next_deadline_, due);
}

void NeighbourCache::touch(Entry& entry, Instant now) {
  entry.used = now;
  entry.unlink();
  by_use_.push_back(entry);
}

NeighbourCache::Entry* NeighbourCache::find(const IpAddress& neighbour) {
  const auto it = entries_.find(neighbour);
  return it == entries_.end() ? nullptr : &it->second;
}

NeighbourCache::Entry* NeighbourCache::create(const IpAddress& neighbour, bool for_stranger, Instant now) {
  if (entries_.size() >= config_.max_entries && !evict(for_stranger, now)) return nullptr;
  const auto it = entries_.try_emplace(neighbour).first;
  Entry& entry = it->second;
  entry.address = &it->first;
  touch(entry, now);
  return &entry;
}

/// Makes room for one entry. Entries with waiting packets stay. A request from a stranger does not evict recently used
/// entries either, because a flood from invented neighbours must not displace those that we talk to.
bool NeighbourCache::evict(bool for_stranger, Instant now) {
  for (Entry* e = by_use_.front(); e != nullptr; e = by_use_.next(*e)) {
    if (for_stranger && now - e->used < config_.protect) return false;  // all entries behind it were used later
    if (!e->queue.empty()) continue;
    entries_.erase(*e->address);
    return true;
  }
  return false;
}

std::optional<Solicitation> NeighbourCache::next_solicitation() {
  if (solicitations_.empty()) return std::nullopt;
  const Solicitation s = solicitations_.front();
  solicitations_.pop_front();
  return s;
}

std::optional<NeighbourCache::Released> NeighbourCache::next_released() {
  if (released_.empty()) return std::nullopt;
  std::optional<Released> r(std::move(released_.front()));
  released_.pop_front();
  --waiting_;
  return r;
}

std::optional<Packet> NeighbourCache::next_failed() {
  if (failed_.empty()) return std::nullopt;
  std::optional<Packet> p(std::move(failed_.front()));
  failed_.pop_front();
  --waiting_;
  return p;
}

NeighbourCache::State NeighbourCache::state(const IpAddress& neighbour, Instant now) const {
  const auto it = entries_.find(neighbour);
  if (it == entries_.end()) return State::none;
  const Entry& entry = it->second;
  return entry.state == State::reachable && is_expired(entry, now) ? State::stale : entry.state;
}

}  // namespace leat
