"""Programs that compare by themselves: two stacks in a thread with lwIP, and the memory of idle connections."""
import json
import re
import sys

from .lab import run
from .row import Goal, Row


def rows(bench):
    yield pipe(bench, "pipe.copies", "", [], 4)
    yield pipe(bench, "pipe.by-reference", ", applications without copies", ["--without-copies"], 6)

    memory = {}

    def idle():
        text = run([bench.program("idle")], good=(0, 1))
        memory.update((who, float(re.search(rf"^{who}\s+(\d+)", text, re.M)[1])) for who in ("leat", "kernel"))
        return memory["leat"]
    yield Row("idle", "an idle connection, one end; the kernel's slab alone", "bytes",
              {"leat": idle, "kernel": lambda: memory["kernel"]}, [Goal("leat", "kernel", 3900 / 512)],
              less_is_better=True, once=True)


def pipe(bench, name, what, options, goal):
    latest = {}

    def leat():
        latest.update(json.loads(run([bench.program("pipe"), "--json", "--seconds", "1", "--rounds", "3", *options])))
        if not latest["lwip"]:
            sys.exit("compare: bench/pipe was built without lwIP: install liblwip-dev")
        return latest["leat"]["ns_per_1460"]
    return Row(name, f"two stacks, memory pair{what}: time for 1460 bytes", "ns",
               {"leat": leat, "lwip": lambda: latest["lwip"]["ns_per_1460"]}, [Goal("leat", "lwip", goal)],
               less_is_better=True)
