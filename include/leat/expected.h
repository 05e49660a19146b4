// expected<T, E>: a value or an error, the result of control calls. C++23 has std::expected; Leat is C++20.
//
// Threading: plain values.
#pragma once

#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace leat {

/// Carries an error into an expected: `return unexpected(Error::timed_out);`
template <class E>
struct unexpected {
  E error;
  constexpr explicit unexpected(E e) : error(std::move(e)) {}
};

/// A T, or an E that says why there is none. Test it before use: value() without a value and error() without an error
/// end the process.
template <class T, class E>
class [[nodiscard]] expected {
 public:
  using value_type = T;
  using error_type = E;

  constexpr expected(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  template <class G>
  requires std::is_constructible_v<E, G>
  constexpr expected(unexpected<G> u) : content_(std::in_place_index<1>, E(std::move(u.error))) {}

  constexpr bool has_value() const { return content_.index() == 0; }
  constexpr explicit operator bool() const { return has_value(); }

  constexpr T& value() & { return *checked(std::get_if<0>(&content_)); }
  constexpr const T& value() const& { return *checked(std::get_if<0>(&content_)); }
  constexpr T&& value() && { return std::move(*checked(std::get_if<0>(&content_))); }
  constexpr E& error() & { return *checked(std::get_if<1>(&content_)); }
  constexpr const E& error() const& { return *checked(std::get_if<1>(&content_)); }

  constexpr T& operator*() & { return value(); }
  constexpr const T& operator*() const& { return value(); }
  constexpr T&& operator*() && { return std::move(*this).value(); }
  constexpr T* operator->() { return &value(); }
  constexpr const T* operator->() const { return &value(); }

  constexpr T value_or(T other) const& { return has_value() ? value() : std::move(other); }

 private:
  template <class P>
  static constexpr P* checked(P* p) {
    if (p == nullptr) std::abort();
    return p;
  }
  std::variant<T, E> content_;
};

/// The result of a call that returns no value: success, or an E.
template <class E>
class [[nodiscard]] expected<void, E> {
 public:
  using value_type = void;
  using error_type = E;

  constexpr expected() = default;
  template <class G>
  requires std::is_constructible_v<E, G>
  constexpr expected(unexpected<G> u) : failed_(true), error_(std::move(u.error)) {}

  constexpr bool has_value() const { return !failed_; }
  constexpr explicit operator bool() const { return !failed_; }
  constexpr const E& error() const {
    if (!failed_) std::abort();
    return error_;
  }

 private:
  bool failed_ = false;
  E error_{};
};

}  // namespace leat
