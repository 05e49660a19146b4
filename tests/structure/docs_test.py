#!/usr/bin/env python3
"""Tests of tools/structure/check_docs.py."""
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools" / "structure"))
import check_docs  # noqa: E402

TREE = {"src/tcp/rto.h": "", "src/tcp/rto.cc": "", "src/tcp/rto_test.cc": "TEST(Rto, BacksOff) {}\n"}


def complaints(text, name="README.md"):
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, content in {**TREE, name: text}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(content)
        return [message for _, _, message in check_docs.offences(root)]


def map_complaints(text):
    return complaints(text, "docs/rfc-map.md")


class Docs(unittest.TestCase):
    def test_paths_in_back_ticks_exist(self):
        self.assertEqual(complaints("See `src/tcp/rto.cc`, `src/tcp/rto.{h,cc}`, `src/tcp/*.h`, `build/x`."), [])
        self.assertEqual(complaints("See `src/tcp/rtt.cc`."), ["src/tcp/rtt.cc does not exist"])
        self.assertEqual(complaints("See `src/tcp/rto.{h,c}`."), ["src/tcp/rto.c does not exist"])
        self.assertEqual(complaints("See `src/tcp/*.py`."), ["src/tcp/*.py does not exist"])

    def test_relative_links_lead_somewhere(self):
        self.assertEqual(complaints("[a](src/tcp/rto.h) [b](https://example.org/x) [c](#here)"), [])
        self.assertEqual(complaints("[a](LICENCE)"), ["a link to LICENCE, which does not exist"])

    def test_fenced_blocks_are_output_not_claims(self):
        self.assertEqual(complaints("```\n`src/nothing.cc`\n```\n"), [])

    def test_the_rfc_map_names_tests_that_exist(self):
        row = "| RFC 6298 §5.5 | `src/tcp/rto.cc` | `{}` |\n"
        self.assertEqual(map_complaints(row.format("Rto.BacksOff")), [])
        self.assertEqual(map_complaints(row.format("Rto.Forgets")), ["no test Rto.Forgets"])
        self.assertEqual(map_complaints(row.format("Rtt.X")), ["no test Rtt.X (no suite Rtt either)"])

    def test_the_rfc_map_has_no_empty_cell(self):
        self.assertEqual(len(map_complaints("| RFC 6298 §5.5 | `src/tcp/rto.cc` | |\n")), 1)


if __name__ == "__main__":
    unittest.main()
