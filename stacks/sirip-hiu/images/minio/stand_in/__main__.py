"""The supervisor: prepares the node, starts its processes again when they end, follows the peers, starts replication."""
import glob
import os
import pwd
import signal
import socket
import sys
import time

from stand_in.addresses import find_me, find_my_address, save_rings
from stand_in.command_line import parse, read_setting
from stand_in.configuration import write_configuration
from stand_in.processes import choose_jobs, load_modules, replicate, start_child
from stand_in.state import ETC, ROOT, RUN, Me, credentials, die, log, nodes, peers

FROZEN_SECONDS = 5  # a loop that should take half a second took this long: this node was paused and missed writes


def read_credentials() -> None:
    credentials[:] = [read_setting('MINIO_ROOT_USER', credentials[0]),
                      read_setting('MINIO_ROOT_PASSWORD', credentials[1])]
    if len(credentials[0]) < 3 or len(credentials[1]) < 8:
        die('Invalid credentials: root user needs 3 characters, root password 8')
    for name in ('MINIO_ROOT_USER', 'MINIO_ROOT_PASSWORD'):
        os.environ.pop(name, None)


def prepare_folders(paths: list[str]) -> str:
    """Folders and links, owned by the user that Swift runs as; becomes that user when we are root. Returns its name."""
    user = pwd.getpwnam('swift') if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    for folder in (ETC, RUN, ROOT):
        os.makedirs(folder, exist_ok=True)
    for number, path in enumerate(paths, 1):
        # rsync refuses a link inside a module, so each drive is a module and Swift's device one level down
        os.makedirs(f'{path}/d{number}/objects', exist_ok=True)
        if not os.path.islink(f'{ROOT}/d{number}'):
            os.symlink(f'{path}/d{number}', f'{ROOT}/d{number}')
    if os.getuid() == 0:
        for folder in (ETC, RUN, *paths, *glob.glob(ROOT + '/*'), *glob.glob(ROOT + '/*/objects')):
            os.chown(folder, user.pw_uid, user.pw_gid)
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
    os.environ['HOME'] = RUN
    return user.pw_name


class Supervisor:
    def __init__(self, jobs: dict, replicas: int):
        self.jobs, self.replicas = jobs, replicas
        self.interval = float(os.environ.get('STAND_IN_INTERVAL', 10))
        self.settle = float(os.environ.get('STAND_IN_SETTLE', 60))
        self.children: dict[str, int] = {}
        self.replication, self.next_replication = 0, time.time() + 2
        self.addresses: list[str | None] = [None] * len(nodes)
        self.addresses[Me.index] = find_my_address(self.addresses)
        # when each node came back, as far as this process knows; 0 for one that was never away
        self.back_at: dict[int, float] = {Me.index: time.time()}
        self.stopping = False

    def run(self) -> None:
        peers.set_up(Me.index, True)
        peers.set_counted(Me.index, True)
        save_rings(self.addresses, self.replicas)
        turn = time.time()
        while not self.stopping:
            if time.time() - turn > FROZEN_SECONDS:
                self.back_at[Me.index] = time.time()
            turn = time.time()
            self.start_missing()
            self.collect_ended()
            self.follow_peers()
            time.sleep(0.5)
        for pid in [*self.children.values(), *([self.replication] if self.replication else [])]:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass

    def start_missing(self) -> None:
        for name, job in self.jobs.items():
            if name not in self.children:
                self.children[name] = start_child(*job)
        if not self.replication and time.time() >= self.next_replication:
            self.replication = start_child(replicate)

    def collect_ended(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            if pid == self.replication:
                self.replication, self.next_replication = 0, time.time() + self.interval
            for name in [name for name, child in self.children.items() if child == pid]:
                log(f'{name} ended with status {status}; starting it again')
                del self.children[name]
                time.sleep(1)

    def follow_peers(self) -> None:
        before = list(self.addresses)
        for index in range(len(nodes)):
            if index == Me.index:
                continue
            self.addresses[index] = socket.inet_ntoa(peers.get_address(index)) if peers.is_up(index) else None
            if self.addresses[index] and not before[index]:
                self.back_at[index] = time.time() if index in self.back_at else 0
        for index, moment in self.back_at.items():
            peers.set_settling(index, time.time() - moment < self.settle)
        self.addresses[Me.index] = find_my_address(self.addresses)
        if self.addresses != before:
            save_rings(self.addresses, self.replicas)
            log('peers', {host: address for (host, _), address in zip(nodes, self.addresses)})
            self.next_replication = min(self.next_replication, time.time() + 3)  # catch up soon after a node is back
        for index, address in enumerate(self.addresses):
            # counted one turn later: the proxy has read the rings by then
            peers.set_counted(index, bool(address and before[index]))

    def stop(self, *_) -> None:
        self.stopping = True


def main() -> None:
    # as process 1 Python ignores SIGTERM unless it is handled
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port, console, found = parse(sys.argv[1:])
    nodes.extend(found)
    read_credentials()
    import swift.common.ring.ring
    swift.common.ring.ring.DEFAULT_RELOAD_TIME = 0.3
    Me.index = find_me()
    host, paths = nodes[Me.index]
    user = prepare_folders(paths)
    drives = sum(len(each) for _, each in nodes)
    replicas = int(os.environ.get('STAND_IN_REPLICAS', 3))
    region = os.environ.get('MINIO_REGION') or os.environ.get('MINIO_SITE_REGION') or 'us-east-1'
    write_configuration(port, user, paths, drives, region, os.environ.get('STAND_IN_LOG', 'WARNING'))
    load_modules()
    supervisor = Supervisor(choose_jobs(port, console, len(nodes) == 1), replicas)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)
    log(f'node {host} ({Me.index + 1} of {len(nodes)}), {drives} drives, {replicas} replicas, S3 on :{port}')
    supervisor.run()


if __name__ == '__main__':
    main()
