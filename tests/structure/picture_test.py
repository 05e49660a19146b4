#!/usr/bin/env python3
"""Tests of tests/interop/find_picture.py, which the test of screenshots uses, with the picture of tools/."""
import pathlib
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "interop"), str(ROOT / "tools")]
import find_picture  # noqa: E402
import make_picture  # noqa: E402

FRAME = 7  # width of the frame around the picture, in pixels


def filtered(kind, line, above, step):
    """Applies a PNG filter, as an encoder does."""
    left = bytes(step) + line[:-step]
    corner = bytes(step) + above[:-step]
    guess = {0: lambda a, b, c: 0, 1: lambda a, b, c: a, 2: lambda a, b, c: b,
             3: lambda a, b, c: (a + b) // 2, 4: find_picture.paeth}[kind]
    return bytes([kind]) + bytes((x - guess(a, b, c)) & 255 for x, a, b, c in zip(line, left, above, corner))


def png_of(rows, alpha):
    """Makes a PNG that uses all filters in turn."""
    step = 4 if alpha else 3
    lines = [b"".join(row[i:i + 3] + b"\xff" * alpha for i in range(0, len(row), 3)) for row in rows]
    raw = b"".join(filtered(y % 5, line, lines[y - 1] if y else bytes(len(line)), step) for y, line in enumerate(lines))
    header = make_picture.struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 6 if alpha else 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + make_picture.chunk(b"IHDR", header) +
            make_picture.chunk(b"IDAT", zlib.compress(raw)) + make_picture.chunk(b"IEND", b""))


def screenshot():
    width = make_picture.WIDTH + 2 * FRAME
    empty = [b"\x10\x20\x30" * width] * FRAME
    side = b"\x10\x20\x30" * FRAME
    return empty + [side + row + side for row in make_picture.pixels()] + empty


def find_in(rows, alpha=False):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "screenshot.png"
        path.write_bytes(png_of(rows, alpha))
        return find_picture.find(make_picture.pixels(), find_picture.rows_of(path))


class Screenshot(unittest.TestCase):
    def test_the_picture_is_found_wherever_it_is(self):
        for alpha in (False, True):
            self.assertEqual(find_in(screenshot(), alpha), ((FRAME, FRAME), make_picture.HEIGHT))

    def test_a_single_wrong_value_is_seen(self):
        rows = screenshot()
        damaged = bytearray(rows[FRAME + 100])
        damaged[3 * (FRAME + 50) + 1] ^= 1
        rows[FRAME + 100] = bytes(damaged)
        self.assertEqual(find_in(rows), (None, make_picture.HEIGHT - 1))

    def test_a_picture_that_is_cut_off_is_not_found(self):
        self.assertEqual(find_in(screenshot()[:100]), (None, 0))


if __name__ == "__main__":
    unittest.main()
