"""Reads C++ text well enough for the structure rules: no comments, no literals, and the scopes.

It is a scanner, not a parser. It promises line numbers that are right and scopes that are right for
code formatted as this project formats it; the rules that use it are heuristics and say so.
"""
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)


def without_comments_and_literals(text):
    """The same text, line for line, with comments blanked and literals emptied ("" and '0')."""
    def blank(match):
        token = match.group(0)
        newlines = "\n" * token.count("\n")
        if token.startswith("/"):
            return " " + newlines
        return ("'0'" if token.startswith("'") else '""') + newlines
    return _TOKEN.sub(blank, text)


def without_directives(text):
    """The same text with preprocessor lines, continued ones too, blanked."""
    return re.sub(r"(?m)^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group(0).count("\n"), text)


@dataclass
class Statement:
    """The text up to a `;`, `{` or `}`, and where it stands."""
    line: int          # where its text begins
    text: str          # white space folded
    scope: str         # namespace, class, enum, function or initializer
    opens: bool        # ended by `{`
    body_end: int = 0  # line of the matching `}` when opens
    kind: str = ""     # the scope that it opens
    within: "Statement" = None  # the statement that opened the scope it stands in


_CLASS = re.compile(r"^(?:template\s*<.*>\s*)?(?:typedef\s+)?(?:class|struct|union)\b[^()=]*$")


def _kind(head, scope):
    if re.match(r"^(?:inline\s+)?namespace\b", head) or head.startswith('extern ""'):
        return "namespace"
    if re.match(r"^(?:typedef\s+)?enum\b", head):
        return "enum"
    # The parentheses of `struct alignas(64) Name` and of requires-clauses are no parameter list.
    if _CLASS.match(re.sub(r"\b(alignas|requires|decltype)\s*\([^()]*\)", "", head)):
        return "class"
    if scope in ("initializer", "enum") or head.endswith(("=", ",", "(", "return")):
        return "initializer"
    if scope == "namespace" and "(" not in head:
        return "initializer"  # int x{1};
    if scope == "class" and "(" not in head and not head.endswith(("const", "noexcept")):
        return "initializer"
    return "function"


def statements(clean):
    """All statements of a text that went through both functions above."""
    found, stack = [], []
    start, line, start_line, depth = 0, 1, 1, 0
    for i, c in enumerate(clean):
        if c == "\n":
            line += 1
        elif c in "([":
            depth += 1
        elif c in ")]":
            depth = max(0, depth - 1)
        if c not in ";{}" or (c == ";" and depth > 0):
            if clean[start:i + 1].isspace():
                start_line = line
            continue
        text = re.sub(r"\s+", " ", clean[start:i]).strip()
        text = re.sub(r"^(?:(?:public|private|protected)\s*:\s*)+", "", text)
        within = stack[-1][0] if stack else None
        scope = within.kind if within else "namespace"
        if c == "{":
            opened = Statement(start_line, text, scope, True, within=within)
            opened.kind = "function" if depth > 0 else _kind(text, scope)
            stack.append((opened, depth))
            depth = 0
            found.append(opened)
        else:
            if text:
                found.append(Statement(start_line, text, scope, False, within=within))
            if c == "}" and stack:
                closed, depth = stack.pop()
                closed.body_end = line
        start, start_line = i + 1, line
    return found
