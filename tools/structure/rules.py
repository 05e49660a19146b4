"""The rules of ARCHITECTURE.md that a machine can check. Each takes a File and yields (line, message).

To add one: write a function, add it to RULES, and give tests/structure/structure_test.py a tree that breaks it.
"""
import functools
import posixpath
import re

import cpp_text

_BELOW_PACKET = {"base", "wire"}
_CORE = _BELOW_PACKET | {"packet"}
_LINK = _CORE | {"emulator", "link"}
_STACK = _CORE | {"link", "ip", "tcp", "stack"}
_RUNTIME = _STACK | {"emulator", "socket", "device", "runtime"}

# The layers that a layer may include besides itself. Each folder of src/ must be listed.
MAY_INCLUDE = {
    "base": set(),
    "wire": {"base"},
    "packet": _BELOW_PACKET,
    "emulator": _CORE,
    "link": _LINK,
    "ip": _CORE, "tcp": _CORE,
    "stack": _STACK,
    "socket": _STACK,
    "device": _LINK,
    "runtime": _RUNTIME,
    "api": _RUNTIME,
    "posix": _RUNTIME | {"api"},
    "lab": {"base"},
    "drill": _BELOW_PACKET,
    "drill_leat": _STACK | {"socket", "drill"},
    "drill_kernel": _BELOW_PACKET | {"drill"},
    "http": _RUNTIME | {"api"},
}
PURE = {"base", "wire", "packet", "emulator", "link", "ip", "tcp", "stack", "socket"}

# The layers of public headers. A header that is not listed belongs to `api`.
PUBLIC_HEADERS = {
    "time": "base", "expected": "base", "error": "base",
    "address": "wire", "counters": "wire",
    "polling": "runtime", "tcp_info": "packet", "tcp_settings": "packet", "event": "packet",
    "impairment": "emulator",
    "echo": "wire",
    "statistics": "packet",
    "posix": "posix",
}

# Parts of tcp that must not know each other: folder -> paths that it must not include.
TCP_PARTS = {
    "recv": ("tcp/send/", "tcp/loss/", "tcp/congestion/", "tcp/engine/", "tcp/connection"),
    "send": ("tcp/recv/", "tcp/engine/", "tcp/connection"),
    "loss": ("tcp/recv/", "tcp/engine/", "tcp/connection"),
    "congestion": ("tcp/recv/", "tcp/send/", "tcp/engine/", "tcp/connection"),
}

PURE_HEADERS = set("""
    algorithm array bit bitset cassert charconv chrono climits cmath compare concepts cstddef cstdint cstdlib cstring
    deque functional initializer_list iosfwd iterator limits list map memory new numeric optional queue set span string
    string_view tuple type_traits unordered_map unordered_set utility variant vector version
""".split())
# The socket layer and the header of the POSIX-like API use constants and layouts of Linux. pure_words forbids calls.
SOCKET_HEADERS = PURE_HEADERS | set("""
    cerrno fcntl.h linux/sockios.h linux/tcp.h netinet/in.h poll.h sys/epoll.h sys/ioctl.h sys/select.h sys/socket.h
    stddef.h sys/time.h sys/uio.h
""".split())
TEST_HEADERS = PURE_HEADERS | set("""
    cinttypes cstdio fstream iomanip iostream ostream random ratio regex sstream gtest/gtest.h gmock/gmock.h
""".split())

PURE_WORDS = [
    (r"\b(throw|try|catch)\b", "no exceptions below runtime"),
    (r"\b(dynamic_cast|typeid)\b", "no RTTI below runtime"),
    (r"\b(steady_clock|system_clock|high_resolution_clock|utc_clock|clock_gettime|gettimeofday|rdtsc|__rdtsc)\b"
     r"|\bstd::time\b", "no clock below runtime: time is an argument"),
    (r"\bstd::(thread|jthread|mutex|\w+_mutex|atomic\w*|condition_variable\w*|lock_guard|unique_lock|scoped_lock"
     r"|call_once|once_flag|future|promise|async|counting_semaphore|barrier|latch)\b"
     r"|\bthread_local\b|\bpthread_\w+|\b__atomic_\w+|\b__sync_\w+|\bvolatile\b",
     "no thread, lock or atomic below runtime"),
    (r"\bstd::(cout|cerr|clog|cin)\b|\b(printf|fprintf|puts|fputs|perror)\s*\(", "no I/O below runtime"),
    (r"\bstd::random_device\b|\bgetrandom\b|\b(rand|random)\(\)|\bgetenv\s*\(",
     "no outside world below runtime: randomness is a seed in the configuration"),
    (r"(?<![\w>])::(socket|open|close|read|write|send\w*|recv\w*|ioctl|poll|epoll_\w+|mmap|syscall|usleep|sleep)\s*\(",
     "no system call below runtime"),
    (r"\bboost::", "no Boost below runtime"),
    (r"\bstd::function\b", "no std::function below runtime"),
]

# Where a pure layer may have virtual functions.
VIRTUAL_PLACES = ("src/link/", "src/tcp/congestion/", "src/stack/port_authority.")

MAX_LINES = {"header": 220, "source": 600, "test": 900}
MAX_FUNCTION_LINES = 60
MAX_MEMBER_FUNCTIONS = 40

# Files and classes that may exceed a limit: (rule, path) or ("class_size", name), and the reason.
EXCEPTIONS = {
    ("class_size", "StreamSocket"): "being cut",
    ("class_size", "Stack"): "being cut",
    ("file_size", "src/stack/tcp_sockets.h"): "being cut",
    ("class_size", "TcpSockets"): "being cut",
    ("class_size", "Recovery"): "one state machine over one scoreboard: 24 of its functions are reads or one-line events",
    ("class_size", "Scoreboard"): "one list of ranges and its invariants: 20 of its functions are reads",
    ("class_size", "Receiver"): "being cut",
    ("class_size", "Sender"): "the send queue behind SND.UNA and SND.NXT: 24 of its functions are reads of one line",
}


class File:
    """A C++ file of the tree: its path from the root, its text, and facts derived from both."""

    def __init__(self, path, text, paths):
        self.path, self.text, self.paths = path, text, paths
        parts = path.split("/")
        self.area = parts[0]  # src, include, apps, examples, tests, bench, fuzz
        self.layer = parts[1] if self.area == "src" and len(parts) > 2 else None
        if self.area == "include":
            self.layer = PUBLIC_HEADERS.get(posixpath.splitext(parts[-1])[0], "api")
        self.is_header = path.endswith(".h")
        self.is_test = path.endswith("_test.cc") or "testing" in parts or self.area == "tests"

    @functools.cached_property
    def clean(self):
        return cpp_text.without_comments_and_literals(self.text)

    @functools.cached_property
    def statements(self):
        return cpp_text.statements(cpp_text.without_directives(self.clean))

    @functools.cached_property
    def includes(self):
        """(line, name, quoted) of every #include."""
        found = re.finditer(r'(?m)^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', self.text)
        return [(self.text.count("\n", 0, m.start()) + 1, m.group(2), m.group(1) == '"') for m in found]

    @property
    def is_pure(self):
        return self.layer in PURE or self.area == "include"

    def grep(self, pattern):
        for number, line in enumerate(self.clean.split("\n"), 1):
            if re.search(pattern, line):
                yield number


def _layer_of_include(name):
    folder, _, rest = name.partition("/")
    if folder == "leat":
        return PUBLIC_HEADERS.get(posixpath.splitext(rest)[0], "api")
    return folder if folder in MAY_INCLUDE else None


def include_direction(f):
    """A layer includes itself and the layers below it, never one beside or above."""
    if f.area == "src" and f.layer not in MAY_INCLUDE:
        yield 1, f"src/{f.layer} is no layer: give it a place in tools/structure/rules.py and ARCHITECTURE.md"
        return
    for line, name, quoted in f.includes:
        target = _layer_of_include(name)
        if f.area == "include" and quoted and not name.startswith("leat/"):
            yield line, f"a public header includes only public headers, not {name}"
        elif f.area == "examples" and quoted and not name.startswith("leat/"):
            yield line, f"an example includes only public headers, not {name}"
        elif f.area in ("src", "include") and target and target != f.layer and target not in MAY_INCLUDE[f.layer]:
            yield line, f"{f.layer} must not include {name}, which belongs to {target}"
        elif f.area in ("src", "include") and quoted and target is None:
            yield line, f'includes go by layer path, as "wire/tcp.h": {name}'


def tcp_parts(f):
    """The sending and the receiving part do not include each other, and no part includes the connection."""
    part = f.path.split("/")[2] if f.layer == "tcp" and f.area == "src" else None
    if f.is_test:
        return
    for line, name, _ in f.includes:
        if name.startswith(TCP_PARTS.get(part, ("\0",))):
            yield line, f"tcp/{part} must not know {name}"


def system_headers(f):
    """Pure layers and public headers include an agreed set of standard headers and nothing of the system."""
    if not f.is_pure:
        return
    allowed = PURE_HEADERS
    if f.layer in ("socket", "posix"):
        allowed = SOCKET_HEADERS
    if f.is_test:
        allowed = allowed | TEST_HEADERS
    for line, name, quoted in f.includes:
        if not quoted and name not in allowed:
            yield line, f"<{name}> is not for {'public headers' if f.area == 'include' else 'the layers below runtime'}"


def pure_words(f):
    """Layers below runtime have no exceptions, RTTI, clocks, threads, I/O, system calls or Boost."""
    if f.area != "src" or not f.is_pure or f.is_test:
        return
    for pattern, message in PURE_WORDS:
        for line in f.grep(pattern):
            yield line, message


def global_state(f):
    """Layers below runtime have no mutable variables at namespace scope or in static storage (a heuristic)."""
    if f.area != "src" or not f.is_pure or f.is_test:
        return
    not_a_variable = re.compile(
        r"^(using|typedef|namespace|template|friend|static_assert|struct|class|enum|union|extern \"\"|LEAT_\w+|\})\b|^,|^$")
    for s in f.statements:
        head = re.split(r"[={]", s.text)[0]
        constant = re.search(r"\b(const|constexpr|operator)\b", head)
        if s.scope == "namespace" and s.kind in ("", "initializer"):
            if not constant and not not_a_variable.match(s.text) and "(" not in head \
                    and re.match(r"^[\w:<>,&*\s\[\].]+\s[*&]?\w+(\[[^\]]*\])*\s*$", head):
                yield s.line, f"global variable: {head.strip()}"
        elif re.match(r"^(inline )?static\b", s.text) and not constant:
            if s.scope == "function" or "(" not in head:
                yield s.line, f"static variable: {head.strip()}"


def sequence_compare(f):
    """Sequence numbers are compared by is_before, never by < on the raw value (a heuristic)."""
    if f.area != "src" or f.path == "src/wire/seq.h":
        return
    for line in f.grep(r"\.raw\(\)\s*[<>]=?\s|\s[<>]=?\s+[\w.()>\-]*\.raw\(\)"):
        yield line, "compare sequence numbers with is_before (wire/seq.h), not by their raw value"


def assertions_without_effect(f):
    """The condition of LEAT_ASSERT has no effect, because optimised builds omit it (a heuristic)."""
    for line in f.grep(r"\bLEAT_ASSERT\(.*(\+\+|--|\bexchange\(|[^=!<>]=[^=])"):
        yield line, "an effect inside an assertion: optimised builds would be without it"


def virtual_functions(f):
    """Virtual functions stand at the plug-in borders only: links, congestion control and the port authority."""
    if f.area != "src" or not f.is_pure or f.is_test or f.path.startswith(VIRTUAL_PLACES):
        return
    for line in f.grep(r"\bvirtual\b"):
        yield line, "virtual functions belong to the borders only: link/, tcp/congestion/ and the port authority"


def file_size(f):
    """A file that outgrows its limit hides a missing type."""
    kind = "test" if f.is_test else "header" if f.is_header else "source"
    lines = f.text.count("\n")
    if lines > MAX_LINES[kind] and ("file_size", f.path) not in EXCEPTIONS:
        yield 1, f"{lines} lines; a {kind} has at most {MAX_LINES[kind]}"


def function_size(f):
    """A function that outgrows its limit hides a missing function or type (a heuristic)."""
    for s in f.statements:
        lines = s.body_end - s.line + 1
        if s.opens and s.kind == "function" and s.scope in ("namespace", "class") and lines > MAX_FUNCTION_LINES \
                and ("function_size", f.path) not in EXCEPTIONS:
            yield s.line, f"a function of {lines} lines; at most {MAX_FUNCTION_LINES}: {s.text[:60]}"


def _is_member_function(s):
    """True if a statement of a class declares or defines a member function (a heuristic)."""
    if re.match(r"^(friend|using|typedef|static_assert|enum|struct|class|union|LEAT_\w+)\b", s.text):
        return False
    text = re.sub(r"\b(alignas|requires|decltype|noexcept|explicit)\s*\([^()]*\)", "", s.text)
    if re.search(r"\boperator\s*[^\w\s(]", text):
        return True
    while re.search(r"<[^<>]*>", text):
        text = re.sub(r"<[^<>]*>", "", text)
    return bool(re.match(r"^[^=(]*[\w~]\s*\(", text)) and s.kind in ("", "function")


def class_size(f):
    """A class with too many functions is two classes (a heuristic)."""
    if f.is_test:
        return
    for c in f.statements:
        if c.kind != "class":
            continue
        name = re.sub(r"\s*\bfinal\b|\s*:.*", "", c.text).split(" ")[-1]
        count = sum(1 for s in f.statements if s.within is c and _is_member_function(s))
        if count > MAX_MEMBER_FUNCTIONS and ("class_size", name) not in EXCEPTIONS:
            yield c.line, f"{name} has {count} member functions; a class has at most {MAX_MEMBER_FUNCTIONS}"


def opening_comment(f):
    """A file begins with a comment that says what it is. A .cc and its test may leave that to the header of the same name."""
    if f.text.startswith(("//", "/*")):
        return
    stem = posixpath.splitext(posixpath.basename(f.path))[0].removesuffix("_test")
    own = {posixpath.join(posixpath.dirname(f.path), stem + ".h"), f"include/leat/{stem}.h"}
    if f.is_header or not own & f.paths:
        yield 1, "no opening comment: what the file is, what it promises, who calls it"


def header_habits(f):
    """#pragma once, and no `using namespace` in a header (tests may use the standard literals)."""
    if not f.is_header:
        return
    if not re.search(r"(?m)^#pragma once$", f.text):
        yield 1, "a header without #pragma once"
    literals = r"(?!std::(?:\w+::)?\w*literals;)" if f.is_test else ""
    for line in f.grep(r"^\s*using namespace\s+" + literals):
        yield line, "using namespace in a header"


RULES = [include_direction, tcp_parts, system_headers, pure_words, global_state, sequence_compare,
         assertions_without_effect, virtual_functions, file_size, function_size, class_size,
         opening_comment, header_habits]
