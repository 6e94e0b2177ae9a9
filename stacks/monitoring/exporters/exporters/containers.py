"""What the containers of this node use, read from its control groups: version 1 or 2, no engine asked."""
import os
import re
from collections.abc import Iterator

from exporters.text_format import render_metric

CONTAINER = re.compile(r"(?:docker-)?([0-9a-f]{64})(?:\.scope)?")
# deeper there is only what containers make themselves
DEEPEST = 8
# version 1 writes a huge number for "no limit"
UNLIMITED = 1 << 60

METRICS = {
    "container_cpu_seconds_total": ("counter", "Processor time used."),
    "container_cpu_throttled_seconds_total": ("counter", "Time held back by the limit of processors."),
    "container_memory_working_set_bytes": ("gauge", "Memory used, without file pages that can go at once."),
    "container_memory_limit_bytes": ("gauge", "The limit of memory; absent where there is none."),
    "container_oom_kills_total": ("counter", "Processes killed for want of memory."),
    "container_processes": ("gauge", "Processes and threads."),
    "container_read_bytes_total": ("counter", "Read from disks."),
    "container_written_bytes_total": ("counter", "Written to disks."),
}


def render_containers(root: str, node: str) -> str:
    readings = sorted(read_containers(root).items())
    return "".join(
        render_metric(name, kind, about, [({"id": id, "node": node}, values[name])
                                          for id, values in readings if name in values])
        for name, (kind, about) in METRICS.items()
    )


def read_containers(root: str) -> dict[str, dict[str, float]]:
    """Container id → metric → value."""
    found: dict[str, dict[str, float]] = {}
    if os.path.exists(os.path.join(root, "cgroup.controllers")):
        for id, folder in find_groups(root):
            found[id] = read_version_2(folder)
        return found
    for controller, read in VERSION_1.items():
        for id, folder in find_groups(os.path.join(root, controller)):
            found.setdefault(id, {}).update(read(folder))
    return found


def find_groups(root: str) -> Iterator[tuple[str, str]]:
    """Containers' ids and folders. A container's own sub-groups aren't looked into."""
    for folder, folders, _ in os.walk(root):
        for name in list(folders):
            match = CONTAINER.fullmatch(name)
            if match:
                yield match[1], os.path.join(folder, name)
                folders.remove(name)
        if folder.count(os.sep) - root.count(os.sep) >= DEEPEST:
            folders.clear()


def read_version_2(folder: str) -> dict[str, float]:
    cpu, memory = read_table(folder, "cpu.stat"), read_table(folder, "memory.stat")
    used, events = read_number(folder, "memory.current"), read_table(folder, "memory.events")
    values = {
        "container_cpu_seconds_total": scale(cpu.get("usage_usec"), 1e-6),
        "container_cpu_throttled_seconds_total": scale(cpu.get("throttled_usec"), 1e-6),
        "container_memory_working_set_bytes": subtract(used, memory.get("inactive_file", 0)),
        "container_memory_limit_bytes": read_number(folder, "memory.max"),
        "container_oom_kills_total": events.get("oom_kill"),
        "container_processes": read_number(folder, "pids.current"),
    }
    for key, name in (("rbytes", "container_read_bytes_total"), ("wbytes", "container_written_bytes_total")):
        numbers = re.findall(rf"\b{key}=(\d+)", read_text(folder, "io.stat"))
        values[name] = float(sum(map(int, numbers)))
    return keep_known(values)


def read_version_1_cpu(folder: str) -> dict[str, float]:
    return keep_known({"container_cpu_seconds_total": scale(read_number(folder, "cpuacct.usage"), 1e-9)})


def read_version_1_quota(folder: str) -> dict[str, float]:
    throttled = read_table(folder, "cpu.stat").get("throttled_time")
    return keep_known({"container_cpu_throttled_seconds_total": scale(throttled, 1e-9)})


def read_version_1_memory(folder: str) -> dict[str, float]:
    limit = read_number(folder, "memory.limit_in_bytes")
    inactive = read_table(folder, "memory.stat").get("total_inactive_file", 0)
    return keep_known({
        "container_memory_working_set_bytes": subtract(read_number(folder, "memory.usage_in_bytes"), inactive),
        "container_memory_limit_bytes": limit if limit is not None and limit < UNLIMITED else None,
        "container_oom_kills_total": read_table(folder, "memory.oom_control").get("oom_kill"),
    })


def read_version_1_processes(folder: str) -> dict[str, float]:
    return keep_known({"container_processes": read_number(folder, "pids.current")})


def read_version_1_disks(folder: str) -> dict[str, float]:
    text = read_text(folder, "blkio.throttle.io_service_bytes")
    total = {word: float(sum(map(int, re.findall(rf"\b{word} (\d+)", text)))) for word in ("Read", "Write")}
    return {"container_read_bytes_total": total["Read"], "container_written_bytes_total": total["Write"]}


VERSION_1 = {
    "cpuacct": read_version_1_cpu,
    "cpu": read_version_1_quota,
    "memory": read_version_1_memory,
    "pids": read_version_1_processes,
    "blkio": read_version_1_disks,
}


def read_text(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name)) as file:
            return file.read()
    except OSError:  # the container ended, or the kernel doesn't count this
        return ""


def read_number(folder: str, name: str) -> float | None:
    text = read_text(folder, name).strip()
    return float(text) if text.isdecimal() else None


def read_table(folder: str, name: str) -> dict[str, float]:
    pairs = (line.split() for line in read_text(folder, name).splitlines())
    return {pair[0]: float(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def scale(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def subtract(value: float | None, less: float) -> float | None:
    return None if value is None else max(0.0, value - less)


def keep_known(values: dict[str, float | None]) -> dict[str, float]:
    return {name: value for name, value in values.items() if value is not None}
