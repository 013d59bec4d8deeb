#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_run.py DATABASE EVENTS - whether a run's database is sound, and has every task that the
events (the output of `run --json`; other lines are passed over) call done, with the same outcome."""
import json
import os
import sqlite3
import sys


def told(path):
    """What the events say: (task, index) -> outcome."""
    outcomes = {}
    if not os.path.exists(path):
        return outcomes
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict) and event.get("event") == "task-finished":
                outcomes[event["task"], event["index"]] = event["outcome"]
    return outcomes


def main():
    database, events = sys.argv[1:]
    rows = sqlite3.connect(database)
    verdict = rows.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        sys.exit(f"{database}: {verdict}")
    recorded = {(task, index): outcome for task, index, outcome in rows.execute(
        "SELECT t.name, a.instance, a.outcome FROM attempts a JOIN tasks t USING (task)"
        " WHERE a.settled")}
    lost = [key for key, outcome in told(events).items() if recorded.get(key) != outcome]
    if lost:
        sys.exit(f"{database}: told as done, but not recorded so: {lost[:5]}")


main()
