#!/usr/bin/env python3
"""Draws a picture of a leat, about 100 kB of PNG, the same each time.

  tools/make_picture.py FILE             the picture
  tools/make_picture.py --response FILE  an HTTP response that carries it, for `leat serve --replay`

Called by ./demo and by the tests. Needs python3-minimal only.
"""
import struct
import sys
import zlib

WIDTH, HEIGHT = 228, 150


def grain(x, y):
    """Noise of -8..7 that depends only on the place, so that no two rows are equal."""
    n = (x * 374761393 + y * 668265263) & 0xFFFFFFFF
    n = ((n ^ (n >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((n >> 16) & 15) - 8


def colour(x, y):
    """The colour of a pixel: the sky with the sun, a hill, and a channel along it."""
    if (x - 170) ** 2 + (y - 32) ** 2 < 18 ** 2:
        return 250, 214, 110
    hill = 62 + ((x - 60) ** 2) // 420
    if y < hill:
        return 120 + y, 170 + y // 2, 225
    middle, width = 40 + (HEIGHT - y) * 5 // 4, 4 + (y - 62) // 3
    if abs(x - middle) < width:
        return 60, 120 + (x + y) % 24, 190
    if abs(x - middle) < width + 4:
        return 150, 130, 100
    return 80, 140 - (y - hill) // 2, 60


def pixels():
    """The pixels as RGB, row by row."""
    rows = []
    for y in range(HEIGHT):
        row = bytearray()
        for x in range(WIDTH):
            g = grain(x, y)
            row += bytes(min(255, max(0, c + g)) for c in colour(x, y))
        rows.append(bytes(row))
    return rows


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png():
    # Without compression the bytes do not depend on the version of zlib, and the file has the wanted size.
    raw = b"".join(b"\0" + row for row in pixels())
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 0)) +
            chunk(b"IEND", b""))


def response(body):
    head = ("HTTP/1.1 200 OK\r\nServer: recorded\r\nContent-Type: image/png\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n")
    return head.encode() + body


def main(arguments):
    if not 1 <= len(arguments) <= 2 or (len(arguments) == 2 and arguments[0] != "--response"):
        sys.exit("usage: tools/make_picture.py [--response] FILE")
    picture = png()
    with open(arguments[-1], "wb") as out:
        out.write(response(picture) if len(arguments) == 2 else picture)


if __name__ == "__main__":
    main(sys.argv[1:])
