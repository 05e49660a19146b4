"""Two networks: the network of this process, with Leat and the near end of a veth pair, and the far network. Programs run in
both."""
import contextlib
import os
import subprocess
import sys
import time

NEAR_KERNEL, FAR_KERNEL = "10.1.1.1", "10.1.1.2"  # the two ends of a veth pair
NEAR_LEAT = "10.1.1.3"                            # Leat on the near end
TAP_KERNEL, TAP_LEAT = "10.1.2.1", "10.1.2.2"
CLIENT_CPU = "1"                                  # where the kernel's client runs


class Lab:
    def __init__(self):
        self.far = subprocess.Popen(["unshare", "-n", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.far.pid}/ns/net") == own:
            time.sleep(0.01)
        run(["mount", "-t", "sysfs", "sysfs", "/sys"])  # this network's
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

    def set_offloads(self, on):
        """Disables offloads: single frames with checksums by the kernel of the sender."""
        for command in (["ethtool", "-K", "near0"], ["ethtool", "-K", "leat0"], self.in_far(["ethtool", "-K", "far0"])):
            for feature in ("rx", "tx", "sg", "tso", "gso"):
                # Some interfaces lack some of them.
                subprocess.run([*command, feature, "on" if on else "off"], capture_output=True, check=False)

    def set_tap_steering(self, on):
        """Enables RPS: the kernel handles packets of Leat on the CPU of the client, not in system calls of Leat."""
        mask = 1 << int(CLIENT_CPU) if on else 0
        with open("/sys/class/net/leat0/queues/rx-0/rps_cpus", "w", encoding="ascii") as file:
            file.write(f"{mask:x}\n")

    def forget_neighbours(self):
        """The Ethernet address of a side. Each side with an address has its own."""
        for place in ([], self.in_far([])):
            run([*place, "ip", "neigh", "flush", "all"])

    def close(self):
        self.far.kill()


def run(argv, limit=120, good=(0,)):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=limit, check=False)
    except subprocess.TimeoutExpired:
        sys.exit(f"compare: {' '.join(argv)} did not end within {limit} s")
    if done.returncode not in good:
        sys.exit(f"compare: {' '.join(argv)} ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def ip(command):
    run(["ip", *command.split()])


# Servers are not bound to a CPU: on a single CPU Leat does not poll, because it would keep the senders from running.
def as_client(argv):
    return ["taskset", "-c", CLIENT_CPU, *argv]


@contextlib.contextmanager
def server(argv, says):
    """Runs a program until the end of the block. `says` is part of its output when it is ready."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said = ""
    for line in process.stdout:
        said += line
        if says in line:
            break
    else:
        sys.exit(f"compare: {' '.join(argv)} did not start: {said}")
    with ended(process):
        yield


@contextlib.contextmanager
def far_server(lab, argv, port):
    """Runs a program in the far network until its port answers."""
    process = subprocess.Popen(lab.in_far(argv), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while f":{port} " not in run(lab.in_far(["ss", "-Hltn"])):
        if process.poll() is not None:
            sys.exit(f"compare: {' '.join(argv)} ended with {process.returncode}")
        time.sleep(0.01)
    with ended(process):
        yield


@contextlib.contextmanager
def ended(process):
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
