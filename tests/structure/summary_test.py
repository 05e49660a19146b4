#!/usr/bin/env python3
"""Tests of tools/test_summary.py, on reports as ctest writes them."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "test_summary.py"
PASSED = '<testcase name="A.Good" status="run"><system-out></system-out></testcase>'
FAILED = '<testcase name="A.Bad" status="fail"><failure message=""/><system-out>expected 1</system-out></testcase>'
SKIPPED = ('<testcase name="A.Tap" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>'
           "<system-out>[ RUN      ] A.Tap\n/x/a_test.cc:12: Skipped\nno /dev/net/tun: chmod it\n\n[  SKIPPED ] A.Tap"
           "</system-out></testcase>")
MISSING = '<testcase name="A.Gone" status="notrun"><skipped message="Unable to find executable"/></testcase>'
DISABLED = '<testcase name="A.Later" status="disabled"><system-out>Disabled</system-out></testcase>'


def summary(*cases, expected="", ci=False, extra=()):
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "dev" / "tests.xml"
        report.parent.mkdir()
        report.write_text("<testsuite>" + "".join(cases) + "</testsuite>")
        listed = pathlib.Path(folder) / "expected"
        listed.write_text(expected)
        run = subprocess.run([sys.executable, "-B", TOOL, "--expected", listed, *extra, report], text=True,
                             stdout=subprocess.PIPE, env={**os.environ, "CI": "true" if ci else ""}, check=False)
        return run.returncode, run.stdout.splitlines()


class Summary(unittest.TestCase):
    def test_the_last_line_counts(self):
        code, lines = summary(PASSED, PASSED, SKIPPED)
        self.assertEqual((code, lines[-1]), (0, "2 passed, 0 failed, 1 skipped"))

    def test_a_failure_fails_and_is_shown(self):
        code, lines = summary(PASSED, FAILED)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))
        self.assertIn("FAILED dev:A.Bad", lines)
        self.assertIn("  | expected 1", lines)

    def test_a_missing_program_is_a_failure(self):
        self.assertEqual(summary(PASSED, MISSING)[1][-1], "1 passed, 1 failed, 0 skipped")

    def test_a_missing_report_is_a_failure(self):
        code, lines = summary(PASSED, extra=["/nonexistent/x.xml"])
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed, 0 skipped"))

    def test_nothing_run_is_a_failure(self):
        self.assertEqual(summary()[0], 1)

    def test_a_skip_tells_its_reason(self):
        self.assertEqual(summary(PASSED, SKIPPED)[1][:2],
                         ["skipped, no /dev/net/tun: chmod it:", "  dev:A.Tap (not expected)"])

    def test_a_disabled_test_is_a_skip(self):
        self.assertEqual(summary(PASSED, DISABLED)[1][-1], "1 passed, 0 failed, 1 skipped")

    def test_in_ci_a_skip_must_be_expected(self):
        self.assertEqual(summary(PASSED, SKIPPED, ci=True)[0], 1)
        self.assertEqual(summary(PASSED, SKIPPED, ci=True, expected="# why\nA\\.Tap  no device there\n")[0], 0)
        self.assertEqual(summary(PASSED, SKIPPED, ci=True, expected="A.T no device there\n")[0], 1)

    def test_cases_outside_of_ctest_count(self):
        code, lines = summary(PASSED, extra=["--case", "tidy=1", "--case", "seeds=0"])
        self.assertEqual((code, lines[-1]), (1, "2 passed, 1 failed, 0 skipped"))


if __name__ == "__main__":
    unittest.main()
