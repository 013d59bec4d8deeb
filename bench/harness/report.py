# SPDX-License-Identifier: MIT
# report.py - what was measured, as a table for people, as Markdown for docs/performance.md, and as
# JSON lines: {"metric", "value", "unit", "ratio_to": {...}, "goal", "met"}.
import json
import os
import sys

# The marks in a document between which the table stands.
BEGIN, END = "<!-- tools/bench: begin -->", "<!-- tools/bench: end -->"


def short(value):
    """Three digits that count, with the unit's prefix."""
    if value == 0:
        return "0"
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= limit:
            return f"{value / limit:.3g}{suffix}"
    return f"{value:.3g}"


class Line:
    """One figure. `ratios`: {peer: (Spread, "at least" or "at most" or None, goal)}: the goal is a
    number or None. `met` is None where there is nothing to meet."""

    def __init__(self, row, metric, spread, unit, ratios=None, most=None, least=None, remark=""):
        self.row, self.metric, self.spread, self.unit = row, metric, spread, unit
        self.ratios, self.remark = ratios or {}, remark
        self.goals, verdicts = [], []
        for peer, (ratio, sense, goal) in self.ratios.items():
            if goal is not None:
                self.goals.append(f"{'>=' if sense == 'at least' else '<='} {goal:g} x {peer}")
                verdicts.append(ratio.median >= goal if sense == "at least"
                                else ratio.median <= goal)
        if most is not None:
            self.goals.append(f"<= {short(most)} {unit}")
            verdicts.append(spread.median <= most)
        if least is not None:
            self.goals.append(f">= {short(least)} {unit}")
            verdicts.append(spread.median >= least)
        self.met = all(verdicts) if verdicts else None

    def goal(self):
        return ", ".join(self.goals)

    def as_json(self):
        return {
            "row": self.row,
            "metric": self.metric,
            "value": self.spread.median,
            "min": self.spread.least,
            "max": self.spread.most,
            "unit": self.unit,
            "ratio_to": {peer: ratio.median for peer, (ratio, _, _) in self.ratios.items()},
            "ratio_min_max": {peer: [ratio.least, ratio.most]
                              for peer, (ratio, _, _) in self.ratios.items()},
            "goal": self.goal() or None,
            "met": self.met,
            "remark": self.remark or None,
        }


def ratio_text(peer, ratio):
    return f"{ratio.median:.3g} x {peer} ({ratio.least:.3g}-{ratio.most:.3g})"


def verdict(line):
    return {True: "met", False: "NOT MET", None: ""}[line.met]


class Report:
    def __init__(self, json_path=None):
        self.lines, self.failed, self.conditions = [], 0, ""
        self.json = open(json_path, "w", encoding="utf-8") if json_path else None

    def add(self, *arguments, **named):
        line = Line(*arguments, **named)
        self.lines.append(line)
        self.print(line)
        if self.json:
            print(json.dumps(line.as_json()), file=self.json, flush=True)

    def say(self, text):
        print(text, flush=True)

    def print(self, line):
        value = f"{short(line.spread.median)} {line.unit}"
        self.say(f"{line.row:>3}  {line.metric:<52} {value:>16}  "
                 f"({short(line.spread.least)}-{short(line.spread.most)})"
                 + (f"  {line.goal()}: {verdict(line)}" if line.goals else ""))
        for peer, (ratio, _, _) in line.ratios.items():
            self.say(f"       {ratio_text(peer, ratio)}")
        if line.remark:
            self.say(f"       [{line.remark}]")

    def markdown(self, path):
        """Puts the table between the two marks of a document, in place of what stands there; a file
        without them becomes the table."""
        table = self.table()
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            before, begin, rest = text.partition(BEGIN)
            _, end, after = rest.partition(END)
            if begin and end:
                table = before + begin + "\n\n" + table + end + after
        with open(path, "w", encoding="utf-8") as file:
            file.write(table)

    def table(self):
        rows = [self.conditions, "", "| row | what | ours | against | goal | |", "|---|---|---|---|---|---|"]
        for line in self.lines:
            ratios = "<br>".join(ratio_text(peer, ratio)
                                 for peer, (ratio, _, _) in line.ratios.items())
            value = (f"{short(line.spread.median)} {line.unit} "
                     f"({short(line.spread.least)}-{short(line.spread.most)})")
            what = line.metric.strip() + (f" [{line.remark}]" if line.remark else "")
            goal = line.goal().replace("<", "&lt;")
            rows.append(f"| {line.row} | {what} | {value} | {ratios} | {goal} | {verdict(line)} |")
        return "\n".join(rows) + "\n"

    def end(self, missing):
        for name, why in missing.items():
            self.say(f"not measured: {name}: {why}")
        judged = [line for line in self.lines if line.met is not None]
        met = sum(line.met for line in judged)
        self.say(f"{met} goals met, {len(judged) - met} not met, of {len(judged)} judged lines")
        for line in judged:
            if not line.met:
                self.say(f"  not met: {line.row} {line.metric}: {short(line.spread.median)} "
                         f"{line.unit}, goal {line.goal()}")
        if self.json:
            self.json.close()
        sys.stdout.flush()
