"""Writes the table of docs/performance.md."""
import datetime
import os
import platform

from .row import figure, verdict

BEGIN, END = "<!-- measured -->\n", "<!-- end -->\n"


def write(path, found, args):
    """Replaces the text between the marks of the page."""
    text = path.read_text(encoding="utf-8")
    head, tail = text.index(BEGIN) + len(BEGIN), text.index(END)
    path.write_text(text[:head] + markdown(found, args) + text[tail:], encoding="utf-8")


def markdown(found, args):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    lines = [f"Measured on {datetime.date.today()}: {os.cpu_count()} CPUs, {cpu}, Linux {platform.release().split('-')[0]}; "
             f"{args.runs} runs of each side in turns, {args.seconds} s each; medians, with the least and the most.", "",
             "| row | what | | | ratio | goal | |", "|---|---|---|---|---|---|---|"]
    for row in found:
        name, what = row["row"], f"{row['what']}, {row['unit']}"
        for judged in row["goals"]:
            sides = " | ".join(f"{side}: {figure(row['sides'][side])}" for side in (judged["side"], judged["beside"]))
            goal = "" if judged["goal"] is None else f"{judged['goal']:.2f}"
            lines.append(f"| {name} | {what} | {sides} | {judged['ratio']:.2f} | {goal} | {verdict(judged)} |")
            name = what = ""
    return "\n".join(lines) + "\n"
