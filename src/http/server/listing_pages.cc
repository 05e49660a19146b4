#include "http/server/listing_pages.h"

#include <utility>

namespace leat::http {

ListingPages::Page ListingPages::keep(std::string key, std::string page) {
  page.shrink_to_fit();  // it was put together by growing
  auto owned = std::make_unique<std::string>(std::move(page));
  const std::size_t size = owned->size();
  *held_ += size;
  newest_ = Page(owned.release(), [held = held_, size](const std::string* gone) {
    *held -= size;
    delete gone;
  });
  key_ = std::move(key);
  return newest_;
}

}  // namespace leat::http
