"""One flow between a path into user space and the kernel's TCP, in both directions. It is compared with the kernel's TCP over a
veth pair, and with the limit of the path (bench/path_limit). iperf3 is the client of all sides."""
import contextlib
import json

from . import lab as places
from .lab import as_client, far_server, run, server
from .row import Goal, Row

# A path: its name, its name for path_limit, Leat's link and options, and the goals of Leat in and out, relative to the kernel
# and to the limit of the path.
PATHS = [
    ("tap", "TAP, super-segments", "tap", "tap:leat0", [], (1.5, 1.5), None),
    ("packet", "AF_PACKET, super-segments", "packet", "packet:near0", [], None, 0.85),
    ("tap-plain", "TAP, plain frames", "tap-plain", "tap:leat0", ["--no-offloads"], (1.8, 0.75), None),
    ("packet-plain", "AF_PACKET, plain frames", "packet-plain", "packet:near0", ["--no-offloads"], None, 0.85),
    ("xdp", "AF_XDP, plain frames", "xdp", "xdp:near0", [], None, 0.85),
]
STEERED_GOAL = 1.3


def rows(bench):
    for name, what, kind, link, options, kernel_goals, limit_goal in PATHS:
        for i, way in enumerate(("in", "out")):
            goals = [Goal("leat", "kernel", kernel_goals and kernel_goals[i]), Goal("leat", "limit", limit_goal)]
            sides = sides_of(bench, kind, link, options, way)
            yield Row(f"{name}.{way}", f"{what}, {way}", "Gbit/s", sides, goals, offloads=name in ("tap", "packet"))
    plain = sides_of(bench, "tap-plain", "tap:leat0", ["--no-offloads"], "out")
    sides = {side: once if side == "kernel" else steered(bench.lab, once) for side, once in plain.items()}
    yield Row("tap-plain.out-rps", "TAP, plain frames, out, RPS at the peer", "Gbit/s", sides,
              [Goal("leat", "kernel", STEERED_GOAL), Goal("leat", "limit")], offloads=False)


def sides_of(bench, kind, link, options, way):
    interface = link.split(":")[1]
    on_tap = interface == "leat0"
    address = places.TAP_LEAT if on_tap else places.NEAR_LEAT
    client = (lambda argv: argv) if on_tap else (lambda argv: bench.lab.in_far(argv))

    def leat():
        argv = [bench.leat, "bench", "-s", "--link", link, "--address", address + "/24", *options]
        with server(argv, "isten"):
            return iperf(client, address, bench.seconds, way)

    def limit():
        with server([bench.program("path_limit"), kind, interface, address], "Listening"):
            return iperf(client, address, bench.seconds, way)

    def kernel():
        with far_server(bench.lab, ["iperf3", "-s"], 5201):
            return iperf(lambda argv: argv, places.FAR_KERNEL, bench.seconds, way)
    return {"leat": leat, "kernel": kernel, "limit": limit}


def steered(lab, measure_once):
    def measure_steered():
        with contextlib.ExitStack() as afterwards:
            lab.set_tap_steering(True)
            afterwards.callback(lab.set_tap_steering, False)
            return measure_once()
    return measure_steered


def iperf(place, address, seconds, way):
    """Returns Gbit/s at the receiver, and the CPU seconds of the server for a gigabyte."""
    argv = ["iperf3", "-c", address, "-t", str(seconds), "-J", "-C", "cubic"] + (["-R"] if way == "out" else [])
    end = json.loads(run(place(as_client(argv)), seconds + 30))["end"]
    received = end["sum_received"]
    server_share = end["cpu_utilization_percent"]["remote_total"] / 100
    return {"value": received["bits_per_second"] / 1e9,
            "CPU s/GB": server_share * received["seconds"] / (received["bytes"] / 1e9)}
