#!/usr/bin/env python3
"""Tests of tools/structure: each rule sees a tree that breaks it, and only that rule complains."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "structure"))
import check  # noqa: E402
import cpp_text  # noqa: E402
import rules  # noqa: E402

HEADER = "// The file.\n#pragma once\n"
SOURCE = "// The file.\n"


def complaints(tree):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in tree.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return [(path, line, rule) for path, line, _, rule in check.offences(root)[0]]


class Rules(unittest.TestCase):
    def assert_refused(self, path, text, rule, line=None, **others):
        found = complaints({path: text, **others})
        self.assertEqual({(p, r) for p, _, r in found}, {(path, rule)}, found)
        if line:
            self.assertIn((path, line, rule), found)

    def assert_accepted(self, path, text, **others):
        self.assertEqual(complaints({path: text, **others}), [])

    def test_a_layer_must_not_include_the_one_above(self):
        for path, included in [("src/base/x.h", "wire/seq.h"), ("src/wire/x.h", "packet/packet.h"),
                               ("src/packet/x.h", "tcp/segment.h"), ("src/tcp/x.h", "stack/stack.h"),
                               ("src/stack/x.h", "socket/socket.h"), ("src/socket/x.h", "runtime/worker.h"),
                               ("src/runtime/x.h", "api/host.h"), ("src/device/x.h", "stack/stack.h"),
                               ("src/runtime/x.h", "lab/lab.h"), ("src/api/x.h", "http/client.h"),
                               ("src/base/x.h", "leat/address.h"), ("src/wire/x.h", "leat/tcp_info.h"),
                               ("src/runtime/x.h", "leat/host.h")]:
            with self.subTest(path=path, included=included):
                self.assert_refused(path, HEADER + f'#include "{included}"\n', "include_direction", 3)

    def test_neighbours_must_not_include_each_other(self):
        for a in ("ip", "tcp", "link"):
            for b in {"ip", "tcp", "device"} - {a}:
                self.assert_refused(f"src/{a}/x.h", HEADER + f'#include "{b}/y.h"\n', "include_direction")

    def test_tests_keep_the_direction_too(self):
        self.assert_refused("src/wire/x_test.cc", SOURCE + '#include "stack/stack.h"\n', "include_direction")

    def test_downward_includes_are_fine(self):
        self.assert_accepted("src/stack/x.h", HEADER + '#include "base/a.h"\n#include "tcp/b.h"\n#include "ip/c.h"\n'
                             '#include "leat/tcp_info.h"\n#include <span>\n')
        self.assert_accepted("src/runtime/x.h", HEADER + '#include "device/a.h"\n#include <sys/epoll.h>\n')
        self.assert_accepted("apps/cli/x.cc", SOURCE + '#include "lab/a.h"\n#include "leat/host.h"\n')

    def test_an_unknown_layer(self):
        self.assert_refused("src/misc/x.h", HEADER, "include_direction")

    def test_includes_go_by_layer_path(self):
        self.assert_refused("src/wire/x.h", HEADER + '#include "seq.h"\n', "include_direction")

    def test_public_headers_and_examples_stay_public(self):
        self.assert_refused("include/leat/x.h", HEADER + '#include "tcp/segment.h"\n', "include_direction")
        self.assert_refused("examples/x.cc", SOURCE + '#include "runtime/worker.h"\n', "include_direction")
        for name in ("linux/if_tun.h", "sys/socket.h", "boost/asio.hpp", "thread"):
            self.assert_refused("include/leat/x.h", HEADER + f"#include <{name}>\n", "system_headers")

    def test_the_sides_of_tcp_do_not_know_each_other(self):
        for part, included in [("recv", "tcp/send/sender.h"), ("send", "tcp/recv/receiver.h"),
                               ("loss", "tcp/connection.h"), ("congestion", "tcp/engine/flow_table.h")]:
            self.assert_refused(f"src/tcp/{part}/x.h", HEADER + f'#include "{included}"\n', "tcp_parts")
        self.assert_accepted("src/tcp/connection.h", HEADER + '#include "tcp/send/a.h"\n#include "tcp/recv/b.h"\n')

    def test_system_headers_in_pure_layers(self):
        for name in ("unistd.h", "sys/socket.h", "linux/if_ether.h", "netinet/in.h", "thread", "mutex", "atomic",
                     "iostream", "boost/asio.hpp", "random", "shared_mutex", "time.h", "ctime"):
            for layer in ("base", "wire", "packet", "link", "ip", "tcp", "stack"):
                self.assert_refused(f"src/{layer}/x.cc", SOURCE + f"#include <{name}>\n", "system_headers")
        # The socket layer uses constants and layouts of socket headers, and nothing else.
        for name in ("sys/socket.h", "netinet/in.h", "sys/epoll.h"):
            self.assert_accepted("src/socket/x.cc", SOURCE + f"#include <{name}>\n")
        for name in ("unistd.h", "thread", "time.h"):
            self.assert_refused("src/socket/x.cc", SOURCE + f"#include <{name}>\n", "system_headers")
        self.assert_accepted("src/device/x.cc", SOURCE + "#include <unistd.h>\n")

    def test_impure_words(self):
        for code in ("int f() { throw 1; }", "void f() { try { g(); } catch (...) { } }",
                     "auto f() { return std::chrono::steady_clock::now(); }", "void f() { clock_gettime(0, nullptr); }",
                     "void f(std::mutex& m) { m.lock(); }", "struct S { std::atomic<int> n; };",
                     "void f() { std::cout << 1; }", 'void f() { printf("x"); }', "void f() { ::read(0, p, 1); }",
                     "void f(boost::any a) { }", "void f(std::function<void()> g) { }", "int f() { return rand(); }",
                     "bool f(A* a) { return dynamic_cast<B*>(a); }"):
            with self.subTest(code=code):
                self.assert_refused("src/tcp/x.cc", SOURCE + code + "\n", "pure_words", 2)
                self.assert_accepted("src/runtime/x.cc", SOURCE + code + "\n")

    def test_words_in_comments_and_literals_do_not_count(self):
        self.assert_accepted("src/tcp/x.cc", SOURCE + 'const char* f() { return "throw"; }  // catch, std::mutex\n'
                             "/* steady_clock\n boost:: */ int retry_catcher(int n) { return 1'000 + n; }\n")

    def test_mutable_globals(self):
        for code in ("int counter = 0;", "static int counter;", "namespace leat {\nnamespace {\nstd::vector<int> all;\n}\n}",
                     "namespace leat {\nFoo* current{nullptr};\n}", "inline std::uint64_t n = 1;",
                     "char buffer[64];", "extern int shared;"):
            with self.subTest(code=code):
                self.assert_refused("src/ip/x.cc", SOURCE + code + "\n", "global_state")

    def test_mutable_statics(self):
        for code in ("int f() {\n  static int calls = 0;\n  return ++calls;\n}", "struct S {\n  static int shared;\n};",
                     "void f() {\n  static Table table(5);\n  table.g();\n}"):
            with self.subTest(code=code):
                self.assert_refused("src/ip/x.cc", SOURCE + code + "\n", "global_state")

    def test_constants_types_and_functions_are_no_state(self):
        self.assert_accepted("src/ip/x.cc", SOURCE + """
namespace leat {
namespace {
constexpr int kMax = 3;
inline constexpr Flags kA{1}, kB{2};
const std::array<int, 2> kTable{1, 2};
constexpr std::array kRows{Row{1, "a"}, Row{2, "b"}};
struct Entry { int a = 1; std::vector<int> b{}; static constexpr int kC = 1; static int make(int x); };
enum class Color : std::uint8_t { red, green = 2 };
using Map = std::map<int, int>;
class Forward;
static int helper(int a);
}
template <class T> concept Small = sizeof(T) < 4;
static_assert(kMax == 3);
int Entry::make(int x) { static const int base = 1; int local = x; return local + base; }
Foo::Foo(int a) : a_(a), b_{1, 2} { const auto f = [&] { int n = 0; return n; }; use(f); }
bool operator==(const Entry& a, const Entry& b) { return a.a == b.a; }
}  // namespace leat
""")

    def test_sequence_numbers_are_not_compared_raw(self):
        for code in ("bool f(SeqNum a, SeqNum b) { return a.raw() < b.raw(); }",
                     "bool f(S s) { return 5 >= s.seq.raw(); }"):
            self.assert_refused("src/tcp/x.cc", SOURCE + code + "\n", "sequence_compare", 2)
        self.assert_accepted("src/tcp/x.cc", SOURCE + "auto f(S s) { return static_cast<long>(s.seq.raw()); }\n")

    def test_assertions_have_no_effect(self):
        for code in ("LEAT_ASSERT(n <= std::exchange(m, 0));", "LEAT_ASSERT(++n > 1);", "LEAT_ASSERT((a = b) > 0);"):
            with self.subTest(code=code):
                self.assert_refused("src/tcp/x.cc", SOURCE + f"void f() {{ {code} }}\n", "assertions_without_effect", 2)
        self.assert_accepted("src/tcp/x.cc", SOURCE + "void f() { LEAT_ASSERT(a == b && c <= d && e >= 1 && g != h); }\n")

    def test_virtual_only_at_the_borders(self):
        code = "struct S { virtual void f() = 0; };\n"
        self.assert_refused("src/tcp/send/x.h", HEADER + code, "virtual_functions")
        self.assert_accepted("src/tcp/congestion/x.h", HEADER + code)
        self.assert_accepted("src/stack/port_authority.h", HEADER + code)
        self.assert_accepted("src/device/x.h", HEADER + code)

    def test_sizes(self):
        line = "// A line.\n"
        self.assert_refused("src/tcp/x.h", HEADER + line * 219, "file_size")
        self.assert_accepted("src/tcp/x.h", HEADER + line * 218)
        self.assert_refused("src/tcp/x.cc", SOURCE + line * 600, "file_size")
        self.assert_refused("src/tcp/x_test.cc", SOURCE + line * 900, "file_size")
        self.assert_accepted("src/tcp/x_test.cc", SOURCE + line * 899)
        body = "  g();\n"
        self.assert_refused("src/tcp/x.cc", SOURCE + "void f(int a) {\n" + body * 59 + "}\n", "function_size", 2)
        self.assert_refused("src/tcp/x.cc", SOURCE + "struct S {\n void f() const {\n" + body * 59 + "}\n};\n",
                            "function_size")
        self.assert_accepted("src/tcp/x.cc", SOURCE + "void f(int a) {\n" + body * 58 + "}\n")

    def test_classes_have_few_member_functions(self):
        def made(count, extra=""):
            members = "".join(f"  int f{i}(int a) const {{ return a; }}\n" if i % 2 else f"  void f{i}();\n"
                              for i in range(count))
            return HEADER + "class C final : public B {\n" + members + extra + "};\n"
        self.assert_refused("src/tcp/x.h", made(41), "class_size", 3)
        self.assert_accepted("src/tcp/x.h", made(40))
        self.assert_accepted("src/tcp/x_test.cc", made(41).replace("#pragma once\n", ""))
        no_functions = ("  friend void g();\n  using F = void(int);\n  static_assert(sizeof(int) == 4);\n"
                        "  int a = g(1);\n  int b{g(2)};\n  Pair<void(int)> c;\n  alignas(8) int d;\n"
                        "  struct Inner {\n    void h();\n  };\n")
        self.assert_accepted("src/tcp/x.h", made(40, no_functions))
        self.assert_refused("src/tcp/x.h", made(38, "  C();\n  ~C();\n  bool operator==(const C&) const;\n"),
                            "class_size")

    def test_exceptions_are_in_the_tree_and_have_a_reason(self):
        names = {s.text for path in ROOT.glob("src/**/*.h")
                 for s in cpp_text.statements(cpp_text.without_directives(
                     cpp_text.without_comments_and_literals(path.read_text()))) if s.kind == "class"}
        for (rule, name), reason in rules.EXCEPTIONS.items():
            self.assertIn(rule, {"file_size", "function_size", "class_size"})
            self.assertTrue(reason)
            if reason == "being cut":
                continue
            if rule == "class_size":
                self.assertTrue(any(name in text.split() for text in names), name)
            else:
                self.assertTrue((ROOT / name).is_file(), name)

    def test_opening_comment(self):
        self.assert_refused("src/tcp/x.h", "#pragma once\n", "opening_comment", 1)
        self.assert_refused("src/tcp/x.cc", "int f();\n", "opening_comment")
        self.assert_accepted("src/tcp/x.cc", "int f();\n", **{"src/tcp/x.h": HEADER})

    def test_headers(self):
        self.assert_refused("src/tcp/x.h", "// What.\nint f();\n", "header_habits")
        self.assert_refused("src/tcp/x.h", HEADER + "using namespace std;\n", "header_habits", 3)
        literals = "using namespace std::chrono_literals;\n"
        self.assert_refused("src/tcp/x.h", HEADER + literals, "header_habits", 3)
        self.assert_accepted("src/tcp/testing/x.h", HEADER + literals)

    def test_include_cycle(self):
        found = complaints({"src/tcp/a.h": HEADER + '#include "tcp/b.h"\n', "src/tcp/b.h": HEADER + '#include "tcp/a.h"\n'})
        self.assertEqual([rule for _, _, rule in found], ["include_cycle"])


class Scanner(unittest.TestCase):
    def test_lines_survive_the_cleaning(self):
        text = 'a /* x\ny */ b // c\n"q\\"uote" R"(raw\n)" \'\\\'\' 1\'000\n'
        clean = cpp_text.without_comments_and_literals(text)
        self.assertEqual(clean.count("\n"), text.count("\n"))
        self.assertEqual(clean.split(), ["a", "b", '""', '""', "'0'", "1'000"])

    def test_scopes(self):
        code = ("namespace a {\nclass B {\n int f() const {\n if (x) {\n y;\n }\n }\n};\nint g(int n) {\n}\n"
                "enum E { one };\nconst T t{1};\n}\n")
        kinds = {s.text: (s.kind, s.line, s.body_end) for s in cpp_text.statements(code) if s.opens}
        self.assertEqual(kinds["int f() const"], ("function", 3, 7))
        self.assertEqual(kinds["class B"], ("class", 2, 8))
        self.assertEqual(kinds["int g(int n)"], ("function", 9, 10))
        self.assertEqual(kinds["namespace a"][0], "namespace")
        self.assertEqual(kinds["enum E"][0], "enum")
        self.assertEqual(kinds["const T t"][0], "initializer")


if __name__ == "__main__":
    unittest.main()
