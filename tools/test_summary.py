#!/usr/bin/env python3
"""Adds up the reports of ctest (JUnit XML). It prints why tests were skipped, and ends with `N passed, N failed, N skipped`.

Ends with 1 when a test failed, when none ran, and, where CI=true, when a test was skipped that the list of
expected skips does not name. Called by ./test.
"""
import argparse
import collections
import os
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

Result = collections.namedtuple("Result", "suite name outcome text")


def outcome_of(case):
    """Returns passed, failed or skipped. ctest also reports a test as skipped if its program is missing: that is a failure."""
    if case.get("status") == "run" and case.find("failure") is None:
        return "passed"
    skipped = case.find("skipped")
    by_itself = skipped is not None and skipped.get("message", "").startswith("SKIP")
    return "skipped" if by_itself or case.get("status") == "disabled" else "failed"


def read_report(path):
    """The results of one report. A missing or broken report counts as a failure."""
    suite = pathlib.Path(path).parent.name
    try:
        root = ET.parse(path).getroot()
    except (OSError, ET.ParseError) as error:
        return [Result(suite, pathlib.Path(path).name, "failed", f"no results: {error}")]
    results = []
    for case in root.iter("testcase"):
        text = "".join(case.itertext()).strip()
        results.append(Result(suite, case.get("name"), outcome_of(case), text))
    return results


def reason_of(result):
    """The message of GTEST_SKIP(), or the last line of the test."""
    match = re.search(r": Skipped\n(.*?)\n*(?:\[|\Z)", result.text, re.S)
    return " ".join((match.group(1) if match else result.text.split("\n")[-1]).split()) or "no reason given"


def read_expected(path):
    """Reads the list as [(regular expression, reason)]."""
    expected = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            expression, _, reason = line.strip().partition(" ")
            expected.append((re.compile(expression), reason.strip()))
    return expected


def show_skips(skipped, expected):
    """Prints skips by reason. Returns those that the list does not expect."""
    unexpected = [r for r in skipped if not any(e.fullmatch(r.name) for e, _ in expected)]
    by_reason = collections.defaultdict(list)
    for r in skipped:
        by_reason[reason_of(r)].append(f"{r.suite}:{r.name}" + ("" if r not in unexpected else " (not expected)"))
    for reason, names in by_reason.items():
        print(f"skipped, {reason}:")
        print("".join(f"  {name}\n" for name in names), end="")
    return unexpected


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--expected", required=True)
    parser.add_argument("--case", action="append", default=[], help="NAME=EXIT-STATUS of a test outside of ctest")
    parser.add_argument("reports", nargs="*")
    arguments = parser.parse_args()
    results = [r for path in arguments.reports for r in read_report(path)]
    for case in arguments.case:
        name, _, status = case.rpartition("=")
        results.append(Result("case", name, "passed" if status == "0" else "failed", f"see build/cases/{name}.log"))

    groups = collections.defaultdict(list)
    for r in results:
        groups[r.outcome].append(r)
    unexpected = show_skips(groups["skipped"], read_expected(arguments.expected))
    for r in groups["failed"]:
        print(f"FAILED {r.suite}:{r.name}")
        print("".join(f"  | {line}\n" for line in r.text.split("\n")[-60:]), end="")
    strict = os.environ.get("CI") == "true"
    if strict and unexpected:
        print("A skip in continuous integration is a failure unless tests/expected-skips lists it.")
    print(f"{len(groups['passed'])} passed, {len(groups['failed'])} failed, {len(groups['skipped'])} skipped")
    return 1 if groups["failed"] or not groups["passed"] or (strict and unexpected) else 0


if __name__ == "__main__":
    sys.exit(main())
