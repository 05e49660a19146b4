#!/usr/bin/env python3
"""Compares the paths and Leat's TCP with the kernel, the limits of the paths, nginx and lwIP, in the same minutes.

  compare.py BUILD [--only ROW,...] [--seconds N] [--runs N] [--json FILE] [--page FILE] [--list]

BUILD is a release build folder. The sides of each row take turns and their medians are compared. The goal of a row is a
ratio. docs/performance.md has such a table with its explanation. ROW is the name of a row, or the part before its dot;
--list prints the names. It needs root (network namespaces), iperf3, wrk and nginx. The exit status is 1 if a row is below
70 % of its goal, and 77 if it cannot run here.
"""
import argparse
import json
import os
import pathlib
import shutil
import sys
import tempfile

from comparison import bulk, http, latency, page, programs
from comparison.lab import TAP_LEAT, Lab
from comparison.row import measure, text

ENOUGH = 0.7  # of a goal


class Bench:
    """The parameters of the rows."""

    def __init__(self, args, lab, folder):
        self.build, self.seconds, self.lab, self.folder = args.build.resolve(), args.seconds, lab, folder
        self.leat = str(self.build / "bin/leat")

    def program(self, name):
        return str(self.build / "bench" / name)

    def on_tap(self):
        return ["--link", "tap:leat0", "--address", TAP_LEAT + "/24"]

    def rows(self):
        return [row for kind in (programs, latency, http, bulk) for row in kind.rows(self)]


def wanted(rows, only):
    words = only.split(",") if only else []
    for word in words:
        if not any(is_named(row, word) for row in rows):
            sys.exit(f"compare: there is no row {word}: --list tells those that there are")
    return [row for row in rows if not words or any(is_named(row, word) for word in words)]


def is_named(row, word):
    return row.name == word or row.name.startswith(word + ".")


def enter_networks():
    """Enters network and mount namespaces, which end with this process."""
    if "LEAT_COMPARE_INSIDE" not in os.environ:
        os.environ["LEAT_COMPARE_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-n", "-m", "--", sys.executable, "-B", *sys.argv])


def run_rows(args):
    lab = Lab()
    found = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(args, lab, pathlib.Path(folder))
            for row in wanted(bench.rows(), args.only):
                found.append(measure(row, lab, args.runs))
                print(text(found[-1]), flush=True)
    finally:
        lab.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", help="rows, by their names")
    parser.add_argument("--list", action="store_true", help="the rows' names")
    parser.add_argument("--seconds", type=int, default=5, help="of a run")
    parser.add_argument("--runs", type=int, default=5, help="of each side")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    args = parser.parse_args()
    if args.list:
        for row in Bench(args, None, None).rows():
            print(f"{row.name:20}{row.what}, {row.unit}")
        return 0
    missing = [p for p in ("iperf3", "wrk", "nginx", "ethtool", "nsenter", "taskset") if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        print("compare: skipped:", f"install {' '.join(missing)}" if missing else "run it as root")
        return 77
    enter_networks()
    found = run_rows(args)
    if args.json:
        args.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if args.page:
        page.write(args.page, found, args)
    return 0 if all(goal.get("share_of_goal", 1) >= ENOUGH for row in found for goal in row["goals"]) else 1


if __name__ == "__main__":
    sys.exit(main())
