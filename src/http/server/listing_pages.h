// ListingPages: the pages of listings that are under way to clients. Who asks for the same at the same time shares one,
// and all together are bounded, however many clients leave theirs unread. A Site has one, for a single thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace leat::http {

class ListingPages {
 public:
  using Page = std::shared_ptr<const std::string>;
  static constexpr std::size_t kLargest = std::size_t{2} << 20;  ///< bytes of a page
  static constexpr std::size_t kFree = std::size_t{8} << 20;     ///< bytes of all, beyond which each is short
  static constexpr std::size_t kShort = std::size_t{64} << 10;   ///< what a client's answer may hold in any case

  /// The newest page, when it was kept under this key; else none.
  Page find(const std::string& key) const { return key == key_ ? newest_ : nullptr; }
  /// Bytes that the next page may have.
  std::size_t room() const { return *held_ + kLargest <= kFree ? kLargest : kShort; }
  /// Counts the page until the last client has it.
  Page keep(std::string key, std::string page);
  std::size_t held() const { return *held_; }

 private:
  // Shared with the pages, which may outlive us.
  std::shared_ptr<std::size_t> held_ = std::make_shared<std::size_t>(0);
  std::string key_;
  Page newest_;
};

}  // namespace leat::http
