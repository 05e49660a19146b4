#!/usr/bin/env python3
"""Tests of tools/prose: a small tree for each rule, which must find what breaks the rule and nothing else."""
import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "prose"
loader = importlib.machinery.SourceFileLoader("prose", str(TOOL))
prose = importlib.util.module_from_spec(importlib.util.spec_from_loader("prose", loader))
loader.exec_module(prose)


def lines_of(files):
    """The offences of a tree with these files, as {"path:line"}."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return {f"{name}:{line}" for name, line, _ in prose.file_offences(root, ())}


class Comments(unittest.TestCase):
    def test_a_headless_opening_is_found_where_the_sentence_begins(self):
        for word in ("What", "Who", "Whoever", "Of", "Whether"):
            self.assertEqual(lines_of({"src/a/a.h": f"// The queue.\n// {word} came last goes first.\n"}), {"src/a/a.h:2"})

    def test_a_sentence_may_begin_in_the_middle_of_a_line(self):
        self.assertEqual(lines_of({"src/a/a.h": "int x;  ///< Counts. Who asks\n        ///< gets it.\n"}), {"src/a/a.h:1"})

    def test_the_words_are_allowed_inside_a_sentence_and_in_a_question(self):
        self.assertEqual(lines_of({"src/a/a.h": "// The peer decides what is sent.\n// Who is asked?\n// What of\n// it?\n"}), set())

    def test_nobody_and_somebody_are_found_anywhere(self):
        text = "/// Free memory\n/// that nobody holds.\n\n/* Somebody\n   waits. */\n"
        self.assertEqual(lines_of({"include/leat/a.h": text}), {"include/leat/a.h:2", "include/leat/a.h:4"})

    def test_code_literals_and_back_ticks_are_no_prose(self):
        text = 'int nobody;\nauto s = "// What nobody says";\nauto r = R"(\n// Of nobody\n)";\n// The user `nobody` and `What`.\n'
        self.assertEqual(lines_of({"src/a/a.cc": text}), set())

    def test_a_comment_behind_another_column_is_a_new_one(self):
        self.assertEqual(lines_of({"src/a/a.cc": "int a;  // it\n// What waits.\n"}), {"src/a/a.cc:2"})

    def test_python_shell_and_cmake(self):
        self.assertEqual(lines_of({
            "tools/a.py": '"""What it is."""\nx = "nobody"  # nobody\n',
            "tools/b": '#!/usr/bin/env bash\n# Of this.\necho "# nobody" # What it says.\n',
            "src/CMakeLists.txt": "# Who links it.\n",
        }), {"tools/a.py:1", "tools/a.py:2", "tools/b:2", "tools/b:3", "src/CMakeLists.txt:1"})


class Documents(unittest.TestCase):
    def test_paragraphs_lists_and_full_cells_are_sentences(self):
        text = "# What it is\n\nA text. Of\nthis.\n\n- What comes.\n\n| What | Whether it works. |\n\n```\n# What\n```\n"
        self.assertEqual(lines_of({"README.md": text, "docs/a/b.md": "nobody\n"}),
                         {"README.md:3", "README.md:6", "README.md:8", "docs/a/b.md:1"})

    def test_other_documents_are_not_read(self):
        self.assertEqual(lines_of({"build/a.md": "What.\n"}), set())


class Subjects(unittest.TestCase):
    def test_only_commits_after_the_base_and_only_long_subjects(self):
        with tempfile.TemporaryDirectory() as root:
            def git(*words):
                subprocess.run(["git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@example.org", *words],
                               check=True, capture_output=True)
            git("init")
            for subject in ("x" * 80, "base", "y" * 72, "z" * 73):
                git("commit", "--allow-empty", "-m", subject)
            found = prose.subject_offences(root, "HEAD~2")
            self.assertEqual(len(found), 1)
            self.assertIn("73 characters", found[0][2])

    def test_a_clone_without_the_base_or_no_git_is_no_failure(self):
        with tempfile.TemporaryDirectory() as root:
            self.assertEqual(prose.subject_offences(root), [])


class Command(unittest.TestCase):
    def test_count_prints_folders(self):
        with tempfile.TemporaryDirectory() as root:
            (pathlib.Path(root) / "src" / "tcp").mkdir(parents=True)
            (pathlib.Path(root) / "src" / "tcp" / "a.h").write_text("// What.\n// nobody.\n")
            run = subprocess.run([sys.executable, "-B", str(TOOL), "--root", root, "--count"], capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)
            self.assertEqual([line.split() for line in run.stdout.splitlines()], [["2", "src/tcp"], ["2", "in", "all"]])


if __name__ == "__main__":
    unittest.main()
