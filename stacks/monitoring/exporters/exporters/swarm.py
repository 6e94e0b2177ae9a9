"""What the swarm says of itself, as metrics, and where its tasks can be asked for theirs. Pure."""
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from exporters.text_format import render_metric

STACK_LABEL = "com.docker.stack.namespace"
METRICS_LABEL = "kawanan.metrics"
SECRET_LABEL, SECRET_VERSION_LABEL = "kawanan.secret", "kawanan.secret.version"
FAILED_STATES = ("failed", "rejected", "orphaned")


@dataclass
class Swarm:
    """Answers of the Engine API: GET /nodes, /services?status=true, /tasks, /secrets."""

    nodes: list = field(default_factory=list)
    services: list = field(default_factory=list)
    tasks: list = field(default_factory=list)
    secrets: list = field(default_factory=list)


class Failures:
    """Counts tasks that fail from the first look on. The swarm forgets old ones, so what was seen is remembered here."""

    def __init__(self):
        self.seen: set[str] | None = None
        self.counts: Counter[str] = Counter()

    def note(self, tasks: list) -> None:
        failed = {task["ID"]: task["ServiceID"] for task in tasks if task["Status"]["State"] in FAILED_STATES}
        # what the swarm still knows from before this program started was counted, and told of, then: a counter that
        # begins with it would look like as many failures all at once
        new = failed.keys() - (failed if self.seen is None else self.seen)
        self.counts.update(failed[task_id] for task_id in new)
        # what the swarm has forgotten never comes back
        self.seen = set(failed)


def render_swarm(swarm: Swarm, failures: Failures) -> str:
    failures.note(swarm.tasks)
    names = {node["ID"]: name_of_node(node) for node in swarm.nodes}
    ready = {node["ID"] for node in swarm.nodes if is_ready(node)}
    nodes = list_by_name(swarm.nodes)
    services = [(service, describe_service(service)) for service in swarm.services]
    tasks = {service["ID"]: [task for task in swarm.tasks if task["ServiceID"] == service["ID"]]
             for service, _ in services}
    return "".join([
        render_metric("swarm_node_ready", "gauge", "Whether the managers hear of the node.",
                      [({"node": name_of_node(node), "role": node["Spec"]["Role"],
                         "availability": node["Spec"]["Availability"]}, is_ready(node)) for node in nodes]),
        render_metric("swarm_node_leader", "gauge", "Whether the node leads the managers.",
                      [({"node": name_of_node(node)}, bool(node.get("ManagerStatus", {}).get("Leader")))
                       for node in nodes if "ManagerStatus" in node]),
        render_metric("swarm_service_tasks_wanted", "gauge", "Tasks that are to run.",
                      [(labels, count_wanted(service, tasks[service["ID"]])) for service, labels in services]),
        render_metric("swarm_service_tasks_running", "gauge", "Tasks that run, on nodes that answer.",
                      [(labels, sum(is_running(task) and task.get("NodeID") in ready for task in tasks[service["ID"]]))
                       for service, labels in services]),
        render_metric("swarm_service_task_failures_total", "counter", "Tasks that failed.",
                      [(labels, failures.counts[service["ID"]]) for service, labels in services]),
        render_metric("swarm_service_update_state", "gauge", "1 for the state of the last update.",
                      [({**labels, "state": service["UpdateStatus"]["State"]}, 1)
                       for service, labels in services if service.get("UpdateStatus", {}).get("State")]),
        render_metric("swarm_service_updated_timestamp_seconds", "gauge", "When the service was last changed.",
                      [(labels, seconds_of(service["UpdatedAt"])) for service, labels in services]),
        render_metric("swarm_task_info", "gauge", "1 for each container that runs, under its id.",
                      [({"id": task["Status"]["ContainerStatus"]["ContainerID"], **labels,
                         "task": name_task(task, labels["service"], names), "node": names.get(task["NodeID"], "")}, 1)
                       for service, labels in services for task in tasks[service["ID"]]
                       if is_running(task) and task["Status"].get("ContainerStatus", {}).get("ContainerID")]),
        render_metric("swarm_secret_created_timestamp_seconds", "gauge", "When the newest version was made.",
                      [({"secret": name}, created) for name, created in sorted(newest_secrets(swarm.secrets).items())]),
    ])


def discover_targets(swarm: Swarm, network: str) -> list[dict]:
    """For Prometheus' http_sd: the tasks of all services with the label kawanan.metrics, `PORT` or `PORT/path`.

    Those on `network` are asked there, others at the port that they publish on their node. A task that was left on a
    node that is gone stays a target, so that it shows as down.
    """
    nodes = {node["ID"]: node for node in swarm.nodes}
    names = {node_id: name_of_node(node) for node_id, node in nodes.items()}
    targets = []
    for service in swarm.services:
        wish = read_wish(service)
        if wish is None:
            continue
        port, path = wish
        labels = describe_service(service)
        for task in sorted((task for task in swarm.tasks if task["ServiceID"] == service["ID"]), key=lambda t: t["ID"]):
            node = nodes.get(task.get("NodeID", ""))
            if node is None or task["Status"]["State"] != "running":
                continue
            if not is_meant_to_run(task) and is_ready(node):
                continue
            address = find_address(task, node, port, network)
            if address:
                name = name_task(task, labels["service"], names)
                targets.append({"targets": [address], "labels": {
                    "__metrics_path__": path, **labels, "node": name_of_node(node), "instance": name}})
    return targets


def read_wish(service) -> tuple[int, str] | None:
    text = service["Spec"].get("Labels", {}).get(METRICS_LABEL, "")
    port, _, path = text.partition("/")
    if not port.isdecimal():
        return None
    return int(port), f"/{path or 'metrics'}"


def find_address(task, node, port: int, network: str) -> str | None:
    for attachment in task.get("NetworksAttachments") or []:
        if attachment["Network"]["Spec"]["Name"] == network and attachment.get("Addresses"):
            return f"{attachment['Addresses'][0].split('/')[0]}:{port}"
    for published in task["Status"].get("PortStatus", {}).get("Ports") or []:
        if published.get("TargetPort") == port and published.get("PublishMode") == "host":
            return f"{address_of(node)}:{published['PublishedPort']}"
    return None


def describe_service(service) -> dict[str, str]:
    spec = service["Spec"]
    stack = spec.get("Labels", {}).get(STACK_LABEL, "")
    return {"stack": stack, "service": spec["Name"].removeprefix(f"{stack}_") if stack else spec["Name"]}


def name_task(task, service: str, names: dict[str, str]) -> str:
    return f"{service}.{task['Slot'] if task.get('Slot') else names.get(task.get('NodeID', ''), '')}"


def count_wanted(service, tasks: list) -> int:
    """What is to run. A task that is done, of a job or of a service that isn't restarted then, is wanted no longer."""
    status, mode = service.get("ServiceStatus", {}), service["Spec"].get("Mode", {})
    wanted = status.get("DesiredTasks", 0)
    if "ReplicatedJob" in mode:
        # as many at a time as it may have, however many are done
        total = mode["ReplicatedJob"].get("TotalCompletions") or wanted
        return max(0, min(wanted, total - status.get("CompletedTasks", 0)))
    if "GlobalJob" in mode:
        return wanted
    again = service["Spec"]["TaskTemplate"].get("RestartPolicy", {}).get("Condition", "any")
    if again == "any":
        return wanted
    running = {task.get("Slot") for task in tasks if is_running(task)}
    done = {task.get("Slot") for task in tasks if task["Status"]["State"] == "complete"} - running
    return max(0, wanted - len(done))


def is_running(task) -> bool:
    return is_meant_to_run(task) and task["Status"]["State"] == "running"


def is_meant_to_run(task) -> bool:
    """Those of jobs are meant to run until they are done."""
    return task["DesiredState"] in ("running", "complete")


def is_ready(node) -> bool:
    return node["Status"]["State"] == "ready"


def name_of_node(node) -> str:
    return node["Description"]["Hostname"]


def list_by_name(nodes: list) -> list:
    """Each name once: a machine that joined anew stands in the list beside its former self, which never comes back."""
    named: dict[str, dict] = {}
    for node in nodes:
        if name_of_node(node) not in named or is_ready(node):
            named[name_of_node(node)] = node
    return list(named.values())


def address_of(node) -> str:
    address = node["Status"].get("Addr", "")
    if address in ("", "0.0.0.0") and "ManagerStatus" in node:
        address = node["ManagerStatus"]["Addr"].rsplit(":", 1)[0]
    return address


def newest_secrets(secrets: list) -> dict[str, float]:
    newest: dict[str, tuple[int, float]] = {}
    for secret in secrets:
        labels = secret["Spec"].get("Labels") or {}
        if SECRET_LABEL not in labels:
            continue
        version = (int(labels.get(SECRET_VERSION_LABEL, "1")), seconds_of(secret["CreatedAt"]))
        newest[labels[SECRET_LABEL]] = max(newest.get(labels[SECRET_LABEL], version), version)
    return {name: created for name, (_, created) in newest.items()}


def seconds_of(time: str) -> float:
    """Of RFC 3339 as the engine writes it, nanoseconds and all."""
    return datetime.fromisoformat(time[:19] + "+00:00").timestamp()
