#!/usr/bin/env python3
"""Checks that files and tests named in the documents exist: `tools/structure/check_docs.py [--root DIR]`.

In every *.md of the root and of docs/: relative links, and `paths` in back-ticks that begin with a folder of the
tree. In docs/rfc-map.md also `Suite.Test` names and that no cell of its tables is empty. Prints
`file:line: message` for each offence and ends with 1 when there is one. ctest runs it as structure.docs.
"""
import argparse
import pathlib
import re
import sys

FOLDERS = ("src", "include", "apps", "examples", "tests", "tools", "bench", "docs", "cmake", "fuzz", ".ci")
TEST = re.compile(r"\bTEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)")
TEST_NAME = re.compile(r"^([A-Z]\w*)\.([A-Za-z]\w*)$")
SOURCE_SUFFIXES = (".h", ".cc", ".py", ".md")


def expand_braces(path):
    """Expands a.{h,cc} to a.h and a.cc."""
    match = re.search(r"\{([^{}]*)\}", path)
    if not match:
        return [path]
    return [p for choice in match.group(1).split(",")
            for p in expand_braces(path[:match.start()] + choice + path[match.end():])]


def known_tests(root):
    found = set()
    for area in ("src", "tests", "apps"):
        for path in (root / area).rglob("*.cc"):
            found |= set(TEST.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


def missing_paths(root, document, line):
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
        if "://" not in target and not target.startswith("mailto:") and not (document.parent / target).exists():
            yield f"a link to {target}, which does not exist"
    for code in re.findall(r"`([^`]+)`", line):
        word = code.split()[0].split(":")[0]
        if word.startswith(tuple(f + "/" for f in FOLDERS)):
            for path in expand_braces(word):
                if not (list(root.glob(path)) if "*" in path else (root / path).exists()):
                    yield f"{path} does not exist"


def map_offences(line, tests, suites):
    """The offences that only docs/rfc-map.md can have: empty cells, and names of missing tests."""
    cells = [c.strip() for c in line.strip().strip("|").split("|")] if line.startswith("|") else []
    if cells and not all(cells):
        yield "an empty cell: name the rule, the file and the test"
    for code in re.findall(r"`([^`]+)`", line):
        match = TEST_NAME.match(code)
        if match and ("." + match.group(2)) not in SOURCE_SUFFIXES and match.groups() not in tests:
            yield f"no test {code}" + ("" if match.group(1) in suites else f" (no suite {match.group(1)} either)")


def offences(root):
    """All offences below `root` as sorted (document, line, message)."""
    tests = known_tests(root)
    suites = {suite for suite, _ in tests}
    found = []
    for document in sorted(list(root.glob("*.md")) + list((root / "docs").rglob("*.md"))):
        name = document.relative_to(root).as_posix()
        fenced = False
        for number, line in enumerate(document.read_text(encoding="utf-8").split("\n"), 1):
            if line.startswith("```"):
                fenced = not fenced
            if fenced:
                continue
            messages = list(missing_paths(root, document, line))
            if name == "docs/rfc-map.md":
                messages += map_offences(line, tests, suites)
            found += [(name, number, message) for message in messages]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    found = offences(parser.parse_args().root)
    for name, line, message in found:
        print(f"{name}:{line}: {message}")
    print(f"{len(found)} offences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
