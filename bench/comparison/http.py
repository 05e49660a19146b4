"""Requests per second for a file of 64 bytes: `leat serve` over TAP beside nginx on the kernel's TCP over a veth pair."""
import pathlib
import re
import sys

from . import lab as places
from .lab import as_client, far_server, run, server
from .row import Goal, Row

PORT = 8080
PIPELINED = ["-s", str(pathlib.Path(__file__).with_name("pipelined.lua"))]

CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; tcp_nodelay on; keepalive_requests 1000000000;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen {address}:{port} backlog=4096; root {folder}/site; }}
}}
"""


def rows(bench):
    def leat(*options):
        return lambda: of_leat(bench, options)

    def nginx(*options):
        return lambda: of_nginx(bench, options)
    yield Row("http.keep-alive", "64 bytes, keep-alive", "requests/s", {"leat": leat(), "nginx": nginx()},
              [Goal("leat", "nginx", 1.35)])
    yield Row("http.pipelined", "64 bytes, pipelined x32, beside nginx one by one", "requests/s",
              {"leat": leat(*PIPELINED), "nginx": nginx(), "nginx x32": nginx(*PIPELINED)},
              [Goal("leat", "nginx", 10), Goal("leat", "nginx x32")])
    close = ["-H", "Connection: close"]
    yield Row("http.close", "64 bytes, a connection each", "requests/s", {"leat": leat(*close), "nginx": nginx(*close)},
              [Goal("leat", "nginx", 2)])


def of_leat(bench, options):
    argv = [bench.leat, "serve", "-q", str(site(bench)), "--port", str(PORT), *bench.on_tap()]
    with server(argv, "Serving"):
        return wrk(places.TAP_LEAT, bench.seconds, options)


def of_nginx(bench, options):
    folder = site(bench).parent
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, address=places.FAR_KERNEL, port=PORT), encoding="ascii")
    with far_server(bench.lab, ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(configuration)], PORT):
        return wrk(places.FAR_KERNEL, bench.seconds, options)


def site(bench):
    folder = bench.folder / "site"
    folder.mkdir(exist_ok=True)
    bench.folder.chmod(0o755)  # the worker of nginx runs as `nobody`
    if not (folder / "file").exists():  # Leat keeps none that has just changed
        (folder / "file").write_text("x" * 64, encoding="ascii")
    return folder


def wrk(address, seconds, options):
    text = run(as_client(["wrk", "-t1", "-c16", f"-d{seconds}s", *options, f"http://{address}:{PORT}/file"]))
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not found or "Non-2xx" in text:
        sys.exit("compare: wrk: " + text)
    return float(found[1])
