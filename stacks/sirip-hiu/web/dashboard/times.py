"""Moments and sizes as people read them."""
from datetime import datetime, timedelta, timezone

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# The three zones of Indonesia, which knows no summer time.
ZONES = {420: "WIB", 480: "WITA", 540: "WIT", 0: "UTC"}


def show_zone(minutes_east: int) -> str:
    hours, minutes = divmod(abs(minutes_east), 60)
    return ZONES.get(minutes_east) or f"UTC{'-' if minutes_east < 0 else '+'}{hours}" + (f":{minutes:02}" if minutes else "")


def show_moment(text: str, minutes_east: int) -> str:
    """`21 Nov 2026, 09:05` for the API's ISO moment."""
    moment = datetime.fromisoformat(text).astimezone(timezone(timedelta(minutes=minutes_east)))
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"


def show_size(count: int) -> str:
    """`182 kB`"""
    return f"{count} B" if count < 1000 else f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
