#!/usr/bin/env python3
"""Checks the tree against the rules of rules.py: `tools/structure/check.py [--root DIR]`.

Prints `path:line: message [rule]` for each offence and ends with 1 when there is one. ctest runs it as
structure.tree.
"""
import argparse
import pathlib
import sys

import rules

AREAS = ("src", "include", "apps", "examples", "tests", "bench", "fuzz")
SUFFIXES = {".h", ".cc", ".c"}


def include_cycles(files):
    """Headers that include each other, as (path, message)."""
    by_name = {path.split("/", 1)[1]: f for path, f in files.items() if path.startswith(("src/", "include/"))}
    state = {}

    def visit(name, trail):
        state[name] = "open"
        for _, included, quoted in by_name[name].includes:
            if not quoted or included not in by_name:
                continue
            if state.get(included) == "open":
                yield by_name[name].path, "includes go in a circle: " + " -> ".join(trail + [name, included])
            elif included not in state:
                yield from visit(included, trail + [name])
        state[name] = "done"

    for name in sorted(by_name):
        if name not in state:
            yield from visit(name, [])


def offences(root):
    """All offences of the tree at `root` as sorted (path, line, message, rule)."""
    texts = {}
    for area in AREAS:
        for path in sorted((root / area).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                texts[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    files = {path: rules.File(path, text, texts.keys()) for path, text in texts.items()}
    found = [(path, line, message, rule.__name__)
             for path, f in files.items() for rule in rules.RULES for line, message in rule(f)]
    found += [(path, 1, message, "include_cycle") for path, message in include_cycles(files)]
    return sorted(found), len(files)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2])
    found, count = offences(parser.parse_args().root)
    for path, line, message, rule in found:
        print(f"{path}:{line}: {message} [{rule}]")
    if count == 0:
        print("no source files found: wrong --root?")
        return 1
    print(f"{count} files, {len(found)} offences")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
