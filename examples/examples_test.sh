#!/bin/bash
# Runs the examples as their comments say: client and server with each other over a veth pair, and the client with a web server
# on the kernel's TCP, over packet links and, if /dev/net/tun can be opened, tap links. It runs in its own network namespace, and
# needs no root if user namespaces are allowed. It ends with 77 if it cannot run here.
set -euo pipefail

if [[ ${1:-} != --inside ]]; then
  flags=-n; [[ $(id -u) = 0 ]] || flags=-rn
  unshare "$flags" true 2>/dev/null || {
    echo "SKIPPED: no network namespaces for this user: run as root or allow user namespaces"; exit 77; }
  exec unshare "$flags" --kill-child --fork "$0" --inside "$1"
fi
programs=$2
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
head -c 3000000 /dev/urandom > "$work/data"

# Waits for a line in a file that a background job writes.
await() {
  for _ in $(seq 200); do
    if grep -q "$1" "$2" 2>/dev/null; then return 0; fi
    read -rt 0.05 <> <(:) || true
  done
  echo "FAILED: no \"$1\" in $(basename "$2"):"; cat "$2"; exit 1
}

echo "server and client, both ours, over a veth with its offloads on"
mkfifo "$work/hold"
"$programs/server" packet:v0 10.9.0.7/24 7 < "$work/hold" > "$work/server.log" 2>&1 &
exec 9> "$work/hold"
await listening "$work/server.log"
"$programs/client" packet:v1 10.9.0.9/24 10.9.0.7:7 < "$work/data" > "$work/echo"
cmp "$work/data" "$work/echo"
"$programs/client" packet:v1 10.9.0.10/24 10.9.0.7:8 < /dev/null 2> "$work/error" && exit 1
grep -q "cannot connect: connection refused" "$work/error"
exec 9>&-

echo "the echo server in C, and five thousand clients of the kernel's at once"
ip addr add 10.9.0.1/24 dev v1
mkfifo "$work/hold-echo"
"$programs/echo" "packet:v0 10.9.0.8/24" 7 < "$work/hold-echo" > "$work/echo.log" 2>&1 &
exec 9> "$work/hold-echo"
await listening "$work/echo.log"
ulimit -n "$(ulimit -Hn)"
python3 - <<'CLIENTS'
import selectors, socket, sys
CLIENTS = 5000
selector = selectors.DefaultSelector()
open_ones = []
for i in range(CLIENTS):  # all are open before the first sends anything
    open_ones.append(socket.create_connection(("10.9.0.8", 7), timeout=60))
words = {}
for i, s in enumerate(open_ones):
    s.setblocking(False)
    words[s] = (b"client %d " % i) * 40
    s.sendall(words[s])
    selector.register(s, selectors.EVENT_READ)
got = {s: b"" for s in open_ones}
left = CLIENTS
while left > 0:
    ready = selector.select(60)
    if not ready:
        sys.exit(f"FAILED: {left} clients wait in vain")
    for key, _ in ready:
        s = key.fileobj
        got[s] += s.recv(4096)
        if len(got[s]) >= len(words[s]):
            if got[s] != words[s]:
                sys.exit("FAILED: a client got what is not its own")
            left -= 1
            selector.unregister(s)
for s in open_ones:
    s.close()
CLIENTS
exec 9>&-

echo "client and a web server on the kernel's TCP"
ip addr add 10.9.1.1/24 dev v1
python3 -u -m http.server --bind 0.0.0.0 --directory "$work" 8000 > "$work/http.log" 2>&1 &
await Serving "$work/http.log"
"$programs/client" packet:v0 10.9.1.9/24 10.9.1.1:8000 /data > "$work/reply"
tail -c 3000000 "$work/reply" | cmp "$work/data" -
head -1 "$work/reply" | grep -q "200 OK"

if ip tuntap add dev t0 mode tap 2>/dev/null && ip link set t0 up; then
  echo "the same over a tap"
  ip addr add 10.9.2.1/24 dev t0
  "$programs/client" tap:t0 10.9.2.9/24 10.9.2.1:8000 /data | tail -c 3000000 | cmp "$work/data" -
else
  echo "NOT RUN: the tap part, because /dev/net/tun may not be opened here"
fi
echo "all well"
