"""The geometry of the charts: pure numbers in, percentages of the drawing out. The templates draw them as SVG."""
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Bar:
    label: str
    count: int
    # of the longest bar, 0 to 100
    percent: float
    # of all counts, 0 to 100
    share: float


@dataclass(frozen=True)
class Column:
    day: date
    count: int
    # all in percent of the drawing
    left: float
    width: float
    centre: float
    top: float
    height: float


@dataclass(frozen=True)
class ColumnChart:
    columns: list[Column]
    # value and distance from the top in percent, highest first
    lines: list[tuple[int, float]]


# The longest list of bars that is still read; the rest are summed up.
MOST_BARS = 8


def lay_out_bars(by_species: list[dict]) -> list[Bar]:
    """Bars for counts in falling order; what comes after the first few is one bar, `other species`."""
    counts = [(row["species"], row["count"]) for row in by_species]
    if len(counts) > MOST_BARS:
        rest = sum(count for _, count in counts[MOST_BARS - 1 :])
        counts = [*counts[: MOST_BARS - 1], ("other species", rest)]
    total = sum(count for _, count in counts)
    longest = max((count for _, count in counts), default=0)
    return [
        Bar(label, count, round(100 * count / longest, 2) if longest else 0, round(100 * count / total, 1) if total else 0)
        for label, count in counts
    ]


def choose_scale(highest: int) -> tuple[int, int]:
    """Top of the axis and distance of its lines: whole numbers that people count in, at most five lines."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * 4 >= highest:
                distance = step * factor
                return distance * max(1, -(-highest // distance)), distance
        step *= 10


def lay_out_columns(by_day: list[dict]) -> ColumnChart:
    """A column for each day, from left to right."""
    top, distance = choose_scale(max((row["count"] for row in by_day), default=0))
    slot = 100 / max(1, len(by_day))
    columns = []
    for index, row in enumerate(by_day):
        height = 100 * row["count"] / top
        columns.append(
            Column(
                day=date.fromisoformat(row["day"]),
                count=row["count"],
                left=round(slot * (index + 0.15), 3),
                width=round(slot * 0.7, 3),
                centre=round(slot * (index + 0.5), 3),
                top=round(100 - height, 3),
                height=round(height, 3),
            )
        )
    lines = [(value, round(100 - 100 * value / top, 3)) for value in range(top, -1, -distance)]
    return ColumnChart(columns, lines)
