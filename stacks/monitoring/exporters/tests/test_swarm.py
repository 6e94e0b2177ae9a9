"""Run with `python3 -m unittest` from the folder above."""
import unittest

from exporters.swarm import Failures, Swarm, discover_targets, render_swarm


def node(name, address, ready=True, manager=False):
    return {
        "ID": f"id-{name}", "Spec": {"Role": "manager" if manager else "worker", "Availability": "active"},
        "Description": {"Hostname": name}, "Status": {"State": "ready" if ready else "down", "Addr": address},
        **({"ManagerStatus": {"Leader": True, "Addr": "10.0.0.3:2377"}} if manager else {}),
    }


def service(name, stack="shop", wanted=1, metrics=None, condition="any", update=None):
    labels = {"com.docker.stack.namespace": stack, **({"kawanan.metrics": metrics} if metrics else {})}
    return {
        "ID": f"id-{name}", "UpdatedAt": "2026-01-02T03:04:05.123456789Z", "ServiceStatus": {"DesiredTasks": wanted},
        "Spec": {"Name": f"{stack}_{name}", "Labels": labels, "TaskTemplate": {"RestartPolicy": {"Condition": condition}}},
        **({"UpdateStatus": {"State": update}} if update else {}),
    }


def task(id, of, on, state="running", desired="running", slot=1, addresses=(), ports=()):
    return {
        "ID": id, "ServiceID": f"id-{of}", "NodeID": f"id-{on}", "Slot": slot, "DesiredState": desired,
        "Status": {"State": state, "ContainerStatus": {"ContainerID": f"c-{id}"},
                   "PortStatus": {"Ports": [dict(zip(("TargetPort", "PublishedPort"), pair), PublishMode="host") for pair in ports]}},
        "NetworksAttachments": [{"Network": {"Spec": {"Name": name}}, "Addresses": [address]} for name, address in addresses],
    }


NODES = [node("m", "0.0.0.0", manager=True), node("w1", "10.0.0.4"), node("w2", "10.0.0.5", ready=False)]


def samples(text, name):
    return [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]


class Metrics(unittest.TestCase):
    def test_tasks_wanted_and_running(self):
        swarm = Swarm(NODES, [service("web", wanted=3)], [
            task("a", "web", "w1"), task("b", "web", "w1", state="starting"), task("c", "web", "w2")])
        text = render_swarm(swarm, Failures())
        self.assertEqual(samples(text, "swarm_service_tasks_wanted"), ['swarm_service_tasks_wanted{stack="shop",service="web"} 3'])
        # that of a node that is gone counts no longer
        self.assertEqual(samples(text, "swarm_service_tasks_running"), ['swarm_service_tasks_running{stack="shop",service="web"} 1'])

    def test_a_job_that_is_done_is_wanted_no_longer(self):
        done = Swarm(NODES, [service("init", condition="on-failure")], [task("a", "init", "w1", "complete", "shutdown")])
        self.assertEqual(samples(render_swarm(done, Failures()), "swarm_service_tasks_wanted"),
                         ['swarm_service_tasks_wanted{stack="shop",service="init"} 0'])

    def test_a_job_wants_what_is_left_of_it(self):
        for mode, completed, state, expected in (
            ({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}}, 0, "running", (2, 1)),
            ({"ReplicatedJob": {"MaxConcurrent": 2, "TotalCompletions": 3}}, 2, "running", (1, 1)),
            ({"ReplicatedJob": {"MaxConcurrent": 2}}, 2, "complete", (0, 0)),
            ({"GlobalJob": {}}, 0, "running", (2, 1)),
        ):
            job = service("job", wanted=2)
            job["Spec"]["Mode"] = mode
            job["ServiceStatus"]["CompletedTasks"] = completed
            text = render_swarm(Swarm(NODES, [job], [task("a", "job", "w1", state, "complete")]), Failures())
            self.assertEqual(tuple(int(samples(text, f"swarm_service_tasks_{what}")[0].split()[-1]) for what in ("wanted", "running")),
                             expected)

    def count_failures(self, *looks):
        failures, services = Failures(), [service("web")]
        for ids in looks:
            text = render_swarm(Swarm(NODES, services, [task(id, "web", "w1", "failed", "shutdown") for id in ids]), failures)
        return samples(text, "swarm_service_task_failures_total")

    def test_failures_add_up_though_the_swarm_forgets_them(self):
        self.assertEqual(self.count_failures((), ("a",), ("a", "b"), ("b", "c")),
                         ['swarm_service_task_failures_total{stack="shop",service="web"} 3'])

    def test_what_failed_before_the_first_look_is_no_new_failure(self):
        self.assertEqual(self.count_failures(("a", "b", "c", "d")),
                         ['swarm_service_task_failures_total{stack="shop",service="web"} 0'])
        self.assertEqual(self.count_failures(("a", "b"), ("a", "b", "c")),
                         ['swarm_service_task_failures_total{stack="shop",service="web"} 1'])

    def test_nodes_updates_and_newest_secrets(self):
        secrets = [{"CreatedAt": f"2026-01-0{n}T00:00:00Z", "Spec": {"Labels": {"kawanan.secret": "key", "kawanan.secret.version": str(n)}}}
                   for n in (2, 1)] + [{"CreatedAt": "2026-01-01T00:00:00Z", "Spec": {"Labels": None}}]
        text = render_swarm(Swarm(NODES, [service("web", update="rollback_completed")], [], secrets), Failures())
        self.assertEqual(samples(text, "swarm_node_ready"), [
            'swarm_node_ready{node="m",role="manager",availability="active"} 1',
            'swarm_node_ready{node="w1",role="worker",availability="active"} 1',
            'swarm_node_ready{node="w2",role="worker",availability="active"} 0'])
        self.assertEqual(samples(text, "swarm_service_update_state"),
                         ['swarm_service_update_state{stack="shop",service="web",state="rollback_completed"} 1'])
        self.assertEqual(samples(text, "swarm_secret_created_timestamp_seconds"),
                         ['swarm_secret_created_timestamp_seconds{secret="key"} 1767312000'])


    def test_a_node_that_joined_anew_is_no_lost_one(self):
        former, present = node("w1", "10.0.0.4", ready=False), node("w1", "10.0.0.4")
        for nodes in ([former, present], [present, former]):
            self.assertEqual(samples(render_swarm(Swarm(nodes), Failures()), "swarm_node_ready"),
                             ['swarm_node_ready{node="w1",role="worker",availability="active"} 1'])


class Targets(unittest.TestCase):
    def discover(self, tasks, metrics="9101"):
        found = discover_targets(Swarm(NODES, [service("web", metrics=metrics)], tasks), "metrics")
        return [(one["targets"], one["labels"]["instance"], one["labels"]["__metrics_path__"]) for one in found]

    def test_on_our_network_a_task_is_asked_there(self):
        tasks = [task("a", "web", "w1", addresses=[("other", "10.1.0.2/24"), ("metrics", "10.2.0.2/24")])]
        self.assertEqual(self.discover(tasks), [(["10.2.0.2:9101"], "web.1", "/metrics")])

    def test_elsewhere_at_its_published_port(self):
        tasks = [task("a", "web", "w1", ports=[(8000, 80), (9000, 9002)]), task("b", "web", "m", slot=2, ports=[(9000, 9004)])]
        self.assertEqual(self.discover(tasks, "9000/minio/v2"), [
            (["10.0.0.4:9002"], "web.1", "/minio/v2"), (["10.0.0.3:9004"], "web.2", "/minio/v2")])

    def test_tasks_of_lost_nodes_stay_and_replaced_ones_go(self):
        attached = {"addresses": [("metrics", "10.2.0.2/24")]}
        tasks = [task("a", "web", "w2", desired="shutdown", **attached), task("b", "web", "w1", desired="shutdown", **attached),
                 task("c", "web", "w1", state="failed", **attached)]
        self.assertEqual([instance for _, instance, _ in self.discover(tasks)], ["web.1"])

    def test_services_without_a_good_label_are_left_alone(self):
        tasks = [task("a", "web", "w1", ports=[(80, 80)])]
        self.assertEqual([self.discover(tasks, wish) for wish in (None, "", "web", "80x/metrics")], [[], [], [], []])

    def test_a_task_that_cannot_be_reached_is_none(self):
        self.assertEqual(self.discover([task("a", "web", "w1")]), [])


if __name__ == "__main__":
    unittest.main()
