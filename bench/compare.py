#!/usr/bin/env python3
"""What the paths and Leat's TCP reach beside the kernel's and lwIP's, in the same minutes on this machine.

  compare.py BUILD [--seconds N] [--runs N] [--rows WORD,...] [--json FILE] [--page FILE]

BUILD is a release build folder. Each row has two sides, which take turns; medians are compared, and a row's goal is a
ratio: docs/performance.md is such a table with its explanation. Needs root (network namespaces), iperf3, wrk, nginx.
Ends with 1 when a row is below 70 % of its goal, with 77 where it cannot run.
"""
import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time

NEAR_KERNEL, FAR_KERNEL = "10.1.1.1", "10.1.1.2"  # the two ends of a veth pair
TAP_KERNEL, TAP_LEAT = "10.1.2.1", "10.1.2.2"
PACKET_LEAT = "10.1.1.3"
LEAT_CPU, PEER_CPU = "0", "1"


class Lab:
    """This process's network, and a second one with the far end of a veth pair."""

    def __init__(self):
        self.far = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.far.pid}/ns/net") == own:
            time.sleep(0.01)
        ip("link set lo up")
        ip(f"link add near0 type veth peer name far0 netns {self.far.pid}")
        ip(f"addr add {NEAR_KERNEL}/24 dev near0")
        ip("link set near0 up")
        for command in ("link set lo up", f"addr add {FAR_KERNEL}/24 dev far0", "link set far0 up"):
            run(self.in_far(["ip", *command.split()]))
        ip("tuntap add dev leat0 mode tap")
        ip(f"addr add {TAP_KERNEL}/24 dev leat0")
        ip("link set leat0 up")

    def in_far(self, argv):
        return ["nsenter", "-t", str(self.far.pid), "-n", *argv]

    def close(self):
        self.far.kill()


def run(argv, limit=120, good=(0,)):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode not in good:
        sys.exit(f"compare: {' '.join(argv)} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def ip(command):
    run(["ip", *command.split()])


@contextlib.contextmanager
def server(argv, says):
    """A program that runs until the block is left; `says` is what it prints when it is ready."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = ""
    for line in process.stdout:
        said += line
        if says in line:
            break
    else:
        sys.exit(f"compare: {' '.join(argv)} did not start: {said}")
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def kernel_iperf(lab):
    """iperf3 -s says that it is ready on standard output, which it does not flush: its port is asked."""
    process = subprocess.Popen(lab.in_far(["taskset", "-c", LEAT_CPU, "iperf3", "-s"]), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    while ":5201" not in run(lab.in_far(["ss", "-Hltn"])):
        time.sleep(0.01)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def pinned(cpu, argv):
    return ["taskset", "-c", cpu, *argv]


def iperf(address, seconds, reverse):
    """Gbit/s that the receiver saw, and the CPU seconds for a gigabyte: ours and the server's."""
    argv = ["iperf3", "-c", address, "-t", str(seconds), "-J", "-C", "cubic"] + (["-R"] if reverse else [])
    report = json.loads(run(pinned(PEER_CPU, argv)))["end"]
    received = report["sum_received"]
    cpu = report["cpu_utilization_percent"]
    remote = cpu["remote_total"] / 100 * received["seconds"] / (received["bytes"] / 1e9)
    return {"value": received["bits_per_second"] / 1e9, "cpu_s_per_GB": remote}


class Compare:
    def __init__(self, build, seconds, runs, lab):
        self.build, self.seconds, self.runs, self.lab = build, seconds, runs, lab
        self.leat = str(build / "bin/leat")
        self.rows = []

    def add(self, name, unit, sides, goal, better="more"):
        """`sides`: two names and functions that measure; Leat's first. They take turns."""
        found = {side: [] for side in sides}
        for _ in range(self.runs):
            for side, measure in sides.items():
                value = measure()
                found[side].append(value if isinstance(value, dict) else {"value": value})
        row = {"row": name, "unit": unit, "goal": goal, "sides": {}}
        for side, values in found.items():
            numbers = [v["value"] for v in values]
            row["sides"][side] = {"median": statistics.median(numbers), "least": min(numbers), "most": max(numbers)}
            cpu = [v["cpu_s_per_GB"] for v in values if "cpu_s_per_GB" in v]
            if cpu:
                row["sides"][side]["cpu_s_per_GB"] = statistics.median(cpu)
        ours, theirs = (row["sides"][side]["median"] for side in sides)
        row["ratio"] = ours / theirs if better == "more" else theirs / ours
        row["met"] = row["ratio"] >= goal
        row["share_of_goal"] = row["ratio"] / goal
        self.rows.append(row)
        print(line_of(row), flush=True)

    # ---- rows

    def pipe(self):
        def one():
            found = json.loads(run([str(self.build / "bench/pipe"), "--json", "--seconds", "1", "--rounds", "3"]))
            if not found["lwip"]:
                sys.exit("compare: bench/pipe was built without lwIP: install liblwip-dev")
            return found
        latest = {}

        def leat():
            latest.update(one())
            return latest["leat"]["ns_per_1460"]
        self.add("two stacks, memory pair: ns per 1460 bytes, beside lwIP", "ns",
                 {"leat": leat, "lwip": lambda: latest["lwip"]["ns_per_1460"]}, 4, better="less")

    def bulk_over(self, link, address, options, what, goals):
        argv = [self.leat, "bench", "-s", "--link", link, "--address", address + "/24", *options]
        for reverse, way in ((False, "in"), (True, "out")):
            def leat(reverse=reverse):
                with server(pinned(LEAT_CPU, argv), "isten"):
                    return iperf(address, self.seconds, reverse)

            def kernel(reverse=reverse):
                with kernel_iperf(self.lab):
                    return iperf(FAR_KERNEL, self.seconds, reverse)
            self.add(f"{what}, {way}, beside the kernel over veth", "Gbit/s", {"leat": leat, "kernel": kernel}, goals[way])

    def bulk(self):
        self.bulk_over("tap:leat0", TAP_LEAT, [], "bulk over tap, offloads on", {"in": 1.5, "out": 1.5})

    def plain(self):
        for name in ("near0", "leat0"):
            run(["ethtool", "-K", name, "tso", "off", "gso", "off", "gro", "off"])
        run(self.lab.in_far(["ethtool", "-K", "far0", "tso", "off", "gso", "off", "gro", "off"]))
        self.bulk_over("tap:leat0", TAP_LEAT, ["--no-offloads"], "bulk over tap, plain frames", {"in": 1.8, "out": 0.75})

    def http(self):
        text = run([str(self.build / "bench/http"), self.leat, str(self.seconds)], 600, (0, 1))
        goals = {"64 bytes, keep-alive": (1.35, "more"), "64 bytes, a connection each": (2, "more"),
                 "1-byte ping-pong, median": (1, "less")}
        for line in text.splitlines():
            found = re.match(r"(.+?)\s+leat\s+([\d.]+)\s+kernel\s+([\d.]+)\s+(\S+)", line)
            if found and found[1] in goals:
                goal, better = goals[found[1]]
                sides = {"leat": lambda v=float(found[2]): v, "kernel": lambda v=float(found[3]): v}
                runs, self.runs = self.runs, 1
                self.add(found[1] + ", beside nginx" * (better == "more"), found[4], sides, goal, better)
                self.runs = runs

    def idle(self):
        text = run([str(self.build / "bench/idle")], good=(0, 1))
        leat, kernel = (float(re.search(rf"^{who}\s+(\d+)", text, re.M)[1]) for who in ("leat", "kernel"))
        runs, self.runs = self.runs, 1
        self.add("an idle connection: bytes at one end, beside the kernel's slab", "bytes",
                 {"leat": lambda: leat, "kernel": lambda: kernel}, 3900 / 512, better="less")
        self.runs = runs


def line_of(row):
    sides = "   ".join(f"{name} {s['median']:9.2f} ({s['least']:.2f} .. {s['most']:.2f})" +
                       (f" {s['cpu_s_per_GB']:.2f} CPU s/GB" if "cpu_s_per_GB" in s else "")
                       for name, s in row["sides"].items())
    return f"{row['row']}, {row['unit']}\n    {sides}   ratio {row['ratio']:.2f}, goal {row['goal']:.2f}" + \
           ("" if row["met"] else f": {row['share_of_goal']:.0%} of it")


def markdown(rows, args):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    out = [f"Measured on {datetime.date.today()}: {os.cpu_count()} CPUs, {cpu}, Linux {platform.release().split('-')[0]}; "
           f"{args.runs} runs of each side in turns, {args.seconds} s each; medians, with the least and the most.", "",
           "| what | Leat | beside | ratio | goal | |", "|---|---|---|---|---|---|"]
    for row in rows:
        cells = [f"{s['median']:.4g} ({s['least']:.4g} … {s['most']:.4g})" +
                 (f", {s['cpu_s_per_GB']:.2f} CPU s/GB" if "cpu_s_per_GB" in s else "") for s in row["sides"].values()]
        share = "met" if row["met"] else f"{row['share_of_goal']:.0%}"
        out.append(f"| {row['row']} ({row['unit']}) | {cells[0]} | {cells[1]} | {row['ratio']:.2f} | {row['goal']:.2f} | {share} |")
    return "\n".join(out) + "\n"


def write_between_marks(path, table):
    """Into the page's place for it."""
    begin, end = "<!-- measured -->\n", "<!-- end -->\n"
    text = path.read_text(encoding="utf-8")
    head, tail = text.index(begin) + len(begin), text.index(end)
    path.write_text(text[:head] + table + text[tail:], encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rows", default="pipe,bulk,http,idle,plain", help="in this order")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--page", type=pathlib.Path)
    args = parser.parse_args()
    missing = [p for p in ("iperf3", "wrk", "nginx", "ethtool", "nsenter", "taskset") if not shutil.which(p)]
    if missing or os.geteuid() != 0:
        print("compare: skipped:", f"install {' '.join(missing)}" if missing else "run it as root")
        return 77
    if "LEAT_COMPARE_INSIDE" not in os.environ:
        os.environ["LEAT_COMPARE_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-n", "--", sys.executable, "-B", *sys.argv])
    args.build = args.build.resolve()
    lab = Lab()
    try:
        compare = Compare(args.build, args.seconds, args.runs, lab)
        for word in args.rows.split(","):
            getattr(compare, word)()
    finally:
        lab.close()
    if args.json:
        args.json.write_text(json.dumps(compare.rows, indent=2) + "\n", encoding="utf-8")
    if args.page:
        write_between_marks(args.page, markdown(compare.rows, args))
    return 0 if all(row["share_of_goal"] >= 0.7 for row in compare.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
