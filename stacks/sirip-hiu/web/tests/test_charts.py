import unittest

from dashboard.charts import choose_scale, lay_out_bars, lay_out_columns


class Bars(unittest.TestCase):
    def test_the_longest_bar_is_full_and_shares_are_of_all(self):
        bars = lay_out_bars([{"species": "a", "count": 30}, {"species": "b", "count": 10}])
        self.assertEqual([(bar.label, bar.percent, bar.share) for bar in bars], [("a", 100, 75), ("b", 33.33, 25)])

    def test_a_long_tail_becomes_one_bar_and_no_count_is_lost(self):
        bars = lay_out_bars([{"species": f"s{n}", "count": 20 - n} for n in range(12)])
        self.assertEqual(len(bars), 8)
        self.assertEqual(bars[-1].label, "other species")
        self.assertEqual(sum(bar.count for bar in bars), sum(20 - n for n in range(12)))

    def test_nothing_recorded_is_no_bars(self):
        self.assertEqual(lay_out_bars([]), [])


class Columns(unittest.TestCase):
    def test_scales_are_numbers_people_count_in(self):
        for highest, expected in ((0, (1, 1)), (1, (1, 1)), (4, (4, 1)), (5, (6, 2)), (11, (15, 5)), (37, (40, 10)), (900, (1000, 500))):
            self.assertEqual(choose_scale(highest), expected, highest)

    def test_columns_fill_the_width_and_stand_on_the_ground(self):
        chart = lay_out_columns([{"day": "2026-11-20", "count": 0}, {"day": "2026-11-21", "count": 4}])
        empty, full = chart.columns
        self.assertEqual((empty.top, empty.height), (100, 0))
        self.assertEqual((full.top, full.height), (0, 100))
        self.assertEqual((empty.centre, full.centre), (25, 75))
        self.assertEqual(chart.lines, [(4, 0), (3, 25), (2, 50), (1, 75), (0, 100)])
