# SPDX-License-Identifier: MIT
# harness_test.py - the arithmetic of the harness and its rule for dropped rounds, without measuring:
# python3 -m unittest discover -s bench -p '*_test.py'
import io
import json
import os
import tempfile
import unittest
import xml.etree.ElementTree
from contextlib import redirect_stdout

from harness import measure, plot
from harness.measure import Spread
from harness.report import BEGIN, END, Report
from harness.rows_metg import crossing


class Restless:
    """Stands in for Noise: the rounds with these numbers are disturbed."""

    bad, number = (), 0

    def __init__(self, _calibrate):
        Restless.number += 1

    def reason(self):
        return "load" if Restless.number in Restless.bad else None


class Rounds(unittest.TestCase):
    def setUp(self):
        self.noise = measure.Noise
        measure.Noise = Restless
        Restless.number = 0

    def tearDown(self):
        measure.Noise = self.noise

    def take(self, bad, rounds=3, most_dropped=2, most_seconds=60):
        Restless.bad = bad
        order = []

        def telling(name, cost):
            return lambda: order.append(name) or {"seconds": cost, "count": 1}

        return order, measure.take_rounds({"a": telling("a", 1.0), "b": telling("b", 2.0)}, rounds,
                                          None, False, most_dropped, most_seconds)

    def test_the_leader_rotates(self):
        order, _ = self.take(())
        self.assertEqual(order, ["a", "b", "b", "a", "a", "b"])

    def test_ratios_are_formed_within_rounds(self):
        _, taken = self.take(())
        self.assertEqual(taken.ratio("b", "a").median, 2.0)

    def test_a_disturbed_round_is_repeated_and_told(self):
        _, taken = self.take((2,))
        self.assertEqual(len(taken.samples["a"]), 3)
        self.assertEqual(taken.remark(), "dropped 1 by load")

    def test_rounds_end_when_the_time_is_over(self):
        _, taken = self.take((), rounds=100, most_seconds=-1)
        self.assertEqual(taken.remark(), "2 of 100 rounds for want of time")

    def test_a_machine_that_never_rests_is_told(self):
        _, taken = self.take(range(1, 100))
        self.assertEqual(len(taken.samples["a"]), 3)
        self.assertIn("dropped 2 by load", taken.remark())
        self.assertIn("disturbed", taken.remark())


class Noise(unittest.TestCase):
    def reason(self, busy=0.0, steal=0.0, own=0.0, drift=1.0):
        machine, cpu, clock, loops = [], [], [], []
        for part in (0, 1):
            machine.append((busy * part, steal * part))
            cpu.append(own * part)
            clock.append(float(part))
            loops.append(drift if part else 1.0)
        saved = measure.machine_times, measure.cpu_seconds, measure.time.monotonic
        try:
            measure.machine_times = lambda: machine.pop(0)
            measure.cpu_seconds = lambda _: cpu.pop(0)
            measure.time.monotonic = lambda: clock.pop(0)
            return measure.Noise(lambda: loops.pop(0)).reason()
        finally:
            measure.machine_times, measure.cpu_seconds, measure.time.monotonic = saved

    def test_our_own_work_is_no_disturbance(self):
        self.assertIsNone(self.reason(busy=2.0, own=2.0))

    def test_steal_load_and_drift_each_drop_a_round(self):
        self.assertEqual(self.reason(steal=0.05 * measure.CORES), "steal")
        self.assertEqual(self.reason(busy=0.5 * measure.CORES), "load")
        self.assertEqual(self.reason(drift=1.06), "clock")
        self.assertEqual(self.reason(drift=0.94), "clock")


class Crossing(unittest.TestCase):
    def test_it_is_interpolated_on_the_logarithm(self):
        self.assertAlmostEqual(crossing([(100, 1.0), (10, 0.75), (1, 0.25)], 0.5), 10 ** 0.5)

    def test_a_curve_that_does_not_cross_has_none(self):
        self.assertIsNone(crossing([(100, 0.4), (10, 0.3)], 0.5))
        self.assertIsNone(crossing([(100, 0.9), (10, 0.8)], 0.5))


class Reports(unittest.TestCase):
    def met(self, **goals):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "json")
            report = Report(path)
            with redirect_stdout(io.StringIO()):
                report.add("1", "what", Spread([10.0]), "us", **goals)
                report.end({})
            with open(path, encoding="utf-8") as file:
                return json.loads(file.read())["met"]

    def test_goals_can_be_met_and_missed(self):
        self.assertIs(self.met(most=10), True)
        self.assertIs(self.met(most=9), False)
        self.assertIs(self.met(least=11), False)
        self.assertIsNone(self.met())
        ratio = Spread([1.5])
        self.assertIs(self.met(ratios={"peer": (ratio, "at least", 1.5)}), True)
        self.assertIs(self.met(ratios={"peer": (ratio, "at least", 1.6)}), False)
        self.assertIs(self.met(ratios={"peer": (ratio, "at most", 1.4)}), False)
        self.assertIs(self.met(most=10, ratios={"peer": (ratio, "at least", 1.6)}), False)


    def test_the_table_goes_between_the_marks_of_a_document(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "page.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"above\n{BEGIN}\nold\n{END}\nbelow\n")
            report = Report()
            with redirect_stdout(io.StringIO()):
                report.add("1", "what", Spread([10.0]), "us", most=10)
            report.conditions = "two cores"
            report.markdown(path)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        self.assertTrue(text.startswith(f"above\n{BEGIN}\n\ntwo cores\n\n| row |"))
        self.assertTrue(text.endswith(f"met |\n{END}\nbelow\n"))
        self.assertNotIn("old", text)


class Pictures(unittest.TestCase):
    def test_they_are_well_formed(self):
        lines = plot.Plot("a < b", "x", "y")
        lines.line("one", [(1, 1), (1000, 50)], bold=True)
        lines.level(10, "ten")
        xml.etree.ElementTree.fromstring(lines.svg())
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "bars.svg")
            plot.bars(path, "bars", [("a", 3.0, 2.0, 4.0), ("b", 0.7, 0.6, 0.8)], "x", 1, "others")
            xml.etree.ElementTree.parse(path)


if __name__ == "__main__":
    unittest.main()
