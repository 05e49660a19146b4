#!/usr/bin/env python3
"""Checks whether a screenshot shows a picture, pixel for pixel.

  find_picture.py PICTURE SCREENSHOT   both PNG, 8 bits a channel, RGB or RGBA, not interlaced

Ends with 0 and prints where when it does; else with 1, and says how many rows of the picture are there. Called by
replay_test.cc. Needs python3-minimal only.
"""
import struct
import sys
import zlib


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    if pa <= pb and pa <= pc:
        return a
    return b if pb <= pc else c


def unfilter(kind, line, above, step):
    """Undoes the filter of one row in place (PNG specification, section 9)."""
    if kind == 1:
        for i in range(step, len(line)):
            line[i] = (line[i] + line[i - step]) & 255
    elif kind == 2:
        for i, up in enumerate(above):
            line[i] = (line[i] + up) & 255
    elif kind == 3:
        for i, up in enumerate(above):
            left = line[i - step] if i >= step else 0
            line[i] = (line[i] + (left + up) // 2) & 255
    elif kind == 4:
        for i, up in enumerate(above):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            line[i] = (line[i] + paeth(left, up, corner)) & 255
    elif kind != 0:
        sys.exit(f"filter {kind}")


def rows_of(path):
    """The rows of a PNG as RGB bytes."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        sys.exit(f"{path} is no PNG")
    at, packed, header = 8, b"", None
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            header = struct.unpack(">IIBBBBB", data[at + 8:at + 8 + size])
        elif kind == b"IDAT":
            packed += data[at + 8:at + 8 + size]
        at += 12 + size
    width, height, depth, colours, _, _, interlaced = header
    if depth != 8 or colours not in (2, 6) or interlaced:
        sys.exit(f"{path}: not the kind of PNG that this reads")
    step = 3 if colours == 2 else 4
    raw = zlib.decompress(packed)
    rows, above = [], bytes(width * step)
    for y in range(height):
        start = y * (width * step + 1)
        line = bytearray(raw[start + 1:start + 1 + width * step])
        unfilter(raw[start], line, above, step)
        above = line
        rgb = bytearray(width * 3)
        for channel in range(3):
            rgb[channel::3] = line[channel::step]
        rows.append(bytes(rgb))
    return rows


def places(row, line):
    """The columns at which `row` is in `line`."""
    at = line.find(row)
    while at >= 0:
        if at % 3 == 0:
            yield at // 3
        at = line.find(row, at + 1)


def find(picture, screenshot):
    """Returns the position of the picture as (x, y) or None, and the largest number of its rows that were found."""
    best = 0
    for top in range(len(screenshot) - len(picture) + 1):
        for x in places(picture[0], screenshot[top]):
            width = len(picture[0])
            good = sum(row == screenshot[top + y][x * 3:x * 3 + width] for y, row in enumerate(picture))
            if good == len(picture):
                return (x, top), good
            best = max(best, good)
    return None, best


def main(arguments):
    if len(arguments) != 2:
        sys.exit("usage: find_picture.py PICTURE SCREENSHOT")
    picture = rows_of(arguments[0])
    place, good = find(picture, rows_of(arguments[1]))
    if place is None:
        sys.exit(f"the screenshot does not show the picture: at best {good} of {len(picture)} rows")
    print(f"at {place[0]},{place[1]}")


if __name__ == "__main__":
    main(sys.argv[1:])
