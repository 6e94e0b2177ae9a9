"""Prometheus' text format."""
from collections.abc import Iterable, Mapping

Sample = tuple[Mapping[str, str], float]


def render_metric(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    """One metric with all its samples; nothing at all where there are none."""
    lines = [f"{name}{render_labels(labels)} {render_number(value)}" for labels, value in samples]
    if not lines:
        return ""
    return "\n".join([f"# HELP {name} {about}", f"# TYPE {name} {kind}", *lines]) + "\n"


def render_labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{escape(value)}"' for key, value in labels.items()) + "}"


def escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def render_number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
