"""Benches that compare by themselves: two stacks in a thread beside lwIP, and the bytes of idle connections."""
import json
import re
import sys

from .lab import run
from .row import Goal, Row


def rows(bench):
    latest = {}

    def leat():
        latest.update(json.loads(run([bench.program("pipe"), "--json", "--seconds", "1", "--rounds", "3"])))
        if not latest["lwip"]:
            sys.exit("compare: bench/pipe was built without lwIP: install liblwip-dev")
        return latest["leat"]["ns_per_1460"]
    yield Row("pipe", "two stacks, memory pair: time for 1460 bytes", "ns",
              {"leat": leat, "lwip": lambda: latest["lwip"]["ns_per_1460"]}, [Goal("leat", "lwip", 4)],
              less_is_better=True)

    memory = {}

    def idle():
        text = run([bench.program("idle")], good=(0, 1))
        memory.update((who, float(re.search(rf"^{who}\s+(\d+)", text, re.M)[1])) for who in ("leat", "kernel"))
        return memory["leat"]
    yield Row("idle", "an idle connection, one end; the kernel's slab alone", "bytes",
              {"leat": idle, "kernel": lambda: memory["kernel"]}, [Goal("leat", "kernel", 3900 / 512)],
              less_is_better=True, once=True)
