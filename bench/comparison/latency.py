"""Round trips of one byte between a client on the kernel's TCP and an echo server: Leat over TAP, in each polling mode, and the
kernel over a veth pair. Further rows have ten thousand idle connections."""
from . import lab as places
from .lab import as_client, far_server, run, server
from .row import Goal, Row

PORT = 7
IDLE = 10000


def rows(bench):
    def leat(poll, what="median", **client):
        return lambda: of_leat(bench, poll, **client)[what]

    def kernel(**client):
        return lambda: of_kernel(bench, **client)["median"]
    for poll in ("adaptive", "sleep"):
        yield Row(f"ping.{poll}", f"1-byte ping-pong, --poll {poll}, median", "us",
                  {"leat": leat(poll), "kernel": kernel()}, [Goal("leat", "kernel", 1)], less_is_better=True)
    # Neither side of Leat sleeps. The first comparison is with the kernel where both sides sleep, and shows the cost of waking
    # up; the second is with a kernel whose client does not sleep.
    yield Row("ping.busy", "1-byte ping-pong, --poll busy and a client that spins, median", "us",
              {"leat": leat("busy", spin=True), "kernel": kernel(), "kernel, client spins": kernel(spin=True)},
              [Goal("leat", "kernel", 6), Goal("leat", "kernel, client spins")], less_is_better=True)
    yield Row("ping.idle", f"1-byte ping-pong beside {IDLE} idle connections", "round trips/s",
              {"beside": leat("adaptive", "rate", idle=IDLE), "alone": leat("adaptive", "rate")},
              [Goal("beside", "alone", 0.95)])


def of_leat(bench, poll, **client):
    argv = [bench.leat, "echo", "--nodelay", "--poll", poll, "--max-clients", str(IDLE + 1), *bench.on_tap()]
    with server(argv, "Echoing"):
        return ping(bench, places.TAP_LEAT, **client)


def of_kernel(bench, **client):
    with far_server(bench.lab, [bench.program("ping_pong"), "serve", str(PORT)], PORT):
        return ping(bench, places.FAR_KERNEL, **client)


def ping(bench, address, spin=False, idle=0):
    argv = [bench.program("ping_pong"), address, str(PORT), str(bench.seconds), "spin" if spin else "sleep", str(idle)]
    median, tail, rate = (float(number) for number in run(as_client(argv)).split())
    return {"median": median, "p99": tail, "rate": rate}
