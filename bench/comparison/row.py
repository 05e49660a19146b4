"""A row: sides that take turns, and the goals of one side relative to another."""
import dataclasses
import statistics
from typing import Callable, Optional


@dataclasses.dataclass
class Goal:
    """Compares `side` with `beside`. `ratio` is the goal for the ratio of medians, above 1 if `side` is better; None: no goal."""
    side: str
    beside: str
    ratio: Optional[float] = None


@dataclasses.dataclass
class Row:
    """Measures each of `sides` once. A result is a number, or several by name, of which "value" is compared."""
    name: str
    what: str
    unit: str
    sides: dict[str, Callable]
    goals: list[Goal]
    less_is_better: bool = False
    offloads: bool = True
    once: bool = False  # the sides repeat and take medians themselves


def measure(row, lab, runs):
    """The results, as --json prints them."""
    lab.set_offloads(row.offloads)
    found = {side: [] for side in row.sides}
    for _ in range(1 if row.once else runs):
        for side, measure_once in row.sides.items():
            lab.forget_neighbours()
            value = measure_once()
            found[side].append(value if isinstance(value, dict) else {"value": value})
    sides = {side: summary(values) for side, values in found.items()}
    return {"row": row.name, "what": row.what, "unit": row.unit, "sides": sides,
            "goals": [judge(goal, sides, row.less_is_better) for goal in row.goals]}


def summary(values):
    numbers = [v["value"] for v in values]
    result = {"median": statistics.median(numbers), "least": min(numbers), "most": max(numbers)}
    for name in values[0]:
        if name != "value":
            result[name] = statistics.median(v[name] for v in values)
    return result


def judge(goal, sides, less_is_better):
    ours, theirs = sides[goal.side]["median"], sides[goal.beside]["median"]
    ratio = theirs / ours if less_is_better else ours / theirs
    judged = {"side": goal.side, "beside": goal.beside, "ratio": ratio, "goal": goal.ratio}
    if goal.ratio is not None:
        judged["share_of_goal"] = ratio / goal.ratio
    return judged


def verdict(judged):
    """Returns "met", or the reached part of the goal."""
    if judged["goal"] is None:
        return ""
    return "met" if judged["share_of_goal"] >= 1 else f"{judged['share_of_goal']:.0%}"


def text(found):
    lines = [f"{found['row']}: {found['what']}, {found['unit']}"]
    for name, side in found["sides"].items():
        lines.append(f"    {name:22}{figure(side)}")
    for judged in found["goals"]:
        goal = "" if judged["goal"] is None else f", goal {judged['goal']:.2f}: {verdict(judged)}"
        lines.append(f"    {judged['side']} / {judged['beside']} {judged['ratio']:.2f}{goal}")
    return "\n".join(lines)


def figure(side):
    others = "".join(f", {value:.3g} {name}" for name, value in side.items() if name not in ("median", "least", "most"))
    return f"{side['median']:.4g} ({side['least']:.4g} … {side['most']:.4g}){others}"
