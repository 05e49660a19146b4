#include "base/intrusive_list.h"

#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace leat {
namespace {

struct Red {};
struct Blue {};
struct Item : ListLink<Red>, ListLink<Blue> {
  explicit Item(int i) : id(i) {}
  int id;
};
using RedList = IntrusiveList<Item, Red>;
using BlueList = IntrusiveList<Item, Blue>;

template <class List>
std::vector<int> ids(const List& list) {
  std::vector<int> v;
  for (const Item* i = list.front(); i != nullptr; i = list.next(*i)) v.push_back(i->id);
  return v;
}

TEST(IntrusiveList, IsAFifo) {
  RedList list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
  Item a(1), b(2), c(3);
  list.push_back(a);
  list.push_back(b);
  list.push_back(c);
  EXPECT_EQ(ids(list), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(list.next(a), &b);
  EXPECT_EQ(list.next(c), nullptr);
  EXPECT_EQ(list.pop_front(), &a);
  EXPECT_FALSE(a.ListLink<Red>::is_linked());
  list.push_back(a);
  EXPECT_EQ(ids(list), (std::vector<int>{2, 3, 1}));
}

TEST(IntrusiveList, UnlinksFromAnywhere) {
  RedList list;
  Item a(1), b(2), c(3);
  for (Item* i : {&a, &b, &c}) list.push_back(*i);
  b.ListLink<Red>::unlink();
  EXPECT_EQ(ids(list), (std::vector<int>{1, 3}));
  b.ListLink<Red>::unlink();  // has no effect on an element that is on no list
  c.ListLink<Red>::unlink();
  a.ListLink<Red>::unlink();
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, AnElementThatDiesLeaves) {
  RedList list;
  Item a(1), c(3);
  auto b = std::make_unique<Item>(2);
  list.push_back(a);
  list.push_back(*b);
  list.push_back(c);
  b.reset();
  EXPECT_EQ(ids(list), (std::vector<int>{1, 3}));
}

TEST(IntrusiveList, AListThatDiesLetsItsElementsGo) {
  Item a(1), b(2);
  {
    RedList list;
    list.push_back(a);
    list.push_back(b);
  }
  EXPECT_FALSE(a.ListLink<Red>::is_linked());
  RedList other;
  other.push_back(b);
  EXPECT_EQ(ids(other), (std::vector<int>{2}));
}

TEST(IntrusiveList, AnElementIsOnOneListForEachTag) {
  RedList red;
  BlueList blue;
  Item a(1), b(2);
  red.push_back(a);
  red.push_back(b);
  blue.push_back(b);
  blue.push_back(a);
  EXPECT_EQ(ids(red), (std::vector<int>{1, 2}));
  EXPECT_EQ(ids(blue), (std::vector<int>{2, 1}));
  EXPECT_EQ(blue.pop_front(), &b);
  EXPECT_EQ(ids(red), (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace leat
