#!/usr/bin/env python3
"""Counts the instructions of Leat for a segment, and compares them with the record beside this file.

  instructions.py BENCH [--record] [--idle N] [SCENARIO...]

BENCH is build/release/bench/instructions. The exit status is 1 if a scenario takes 10 % more than its record, and 77 if
valgrind is missing. --record writes the results to the record. --idle N adds N idle connections, and compares with a run
without them: the limit is 3 %.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

RECORD = pathlib.Path(__file__).with_suffix(".json")
UNITS = {"bulk_in": "data segment received", "bulk_out": "data segment sent", "pure_ack": "ACK received",
         "ping_pong": "byte received and answered", "connect_close": "connection opened and closed"}
MOST_GROWTH, MOST_GROWTH_BY_IDLE = 1.10, 1.03


def measure(bench, scenario, idle=0):
    """Returns (instructions, allocations) per unit."""
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=count_me",
                          bench, scenario, str(idle)], capture_output=True, text=True, check=False)
    counted = re.search(r"(\d+) units, (\d+) allocations in the last (\d+)", run.stdout)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not counted or not collected:
        sys.exit(f"instructions: {scenario} failed:\n{run.stdout}{run.stderr}")
    units, allocations, warm_units = map(int, counted.groups())
    return int(collected[1]) / units, allocations / warm_units


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bench")
    parser.add_argument("scenario", nargs="*", default=list(UNITS))
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--idle", type=int, default=0)
    asked = parser.parse_intermixed_args()
    if not shutil.which("valgrind"):
        print("SKIP: valgrind is missing: apt-get install valgrind")
        return 77
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    failed = False
    for scenario in asked.scenario:
        cost, allocations = measure(asked.bench, scenario)
        before, most, against = record.get(scenario), MOST_GROWTH, "recorded"
        if asked.idle:
            before, most, against = cost, MOST_GROWTH_BY_IDLE, "without idle ones"
            cost, allocations = measure(asked.bench, scenario, asked.idle)
        growth = f"{cost / before:.3f} of {before:.0f} {against}" if before else "no record"
        print(f"{scenario:14} {cost:8.0f} instructions, {allocations:.3f} allocations a {UNITS[scenario]}; {growth}")
        if asked.record:
            record[scenario] = round(cost)
        elif not before or cost > before * most:
            failed = True
            print(f"{scenario}: too much. If it is worth it: instructions.py --record, and say why in the commit.")
    if asked.record:
        RECORD.write_text(json.dumps(record, indent=2) + "\n")
    return 1 if failed else 0


sys.exit(main())
