"""Who we are, where the peers are, and the rings that say so to Swift."""
import array
import http.client
import os
import socket
import threading
import time

from stand_in.state import ETC, PORTS, Me, log, nodes, peers

PART_POWER = 4  # 16 partitions: a replication pass stays cheap
NOWHERE = ('127.0.0.1', 1)  # refuses at once: no connect timeout on a lost node


def resolve(host: str) -> str | None:
    try:
        return socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)[0][4][0]
    except OSError:
        return None


def find_me() -> int:
    """Which node of the command line this host is: by name at once, by address once its name resolves."""
    from swift.common.utils import whataremyips
    wanted = os.environ.get('STAND_IN_NODE') or socket.gethostname()
    attempt = 0
    while True:
        for index, (host, _) in enumerate(nodes):
            if host == wanted or (attempt > 2 and resolve(host) in whataremyips()):
                return index
        if attempt in (0, 10):
            log('none of', [host for host, _ in nodes], "is this host yet; set `hostname:` to the node's name")
        attempt += 1
        time.sleep(1)


def find_my_address(addresses: list[str | None]) -> str:
    """The address the peers see: that of the interface that leads to one of them. Never loopback when there is one."""
    for index, address in enumerate(addresses):
        if address and index != Me.index:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.connect((address, 9))
                    return probe.getsockname()[0]
                except OSError:
                    pass
    return resolve(nodes[Me.index][0]) or '127.0.0.1'


def answers(address: str, host: str) -> bool:
    """Whether the node of this name, and no other that got its address, answers there."""
    connection = http.client.HTTPConnection(address, PORTS['object'], timeout=1)
    try:
        connection.request('GET', '/stand-in/who')
        return connection.getresponse().read() == host.encode()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def watch_peers() -> None:
    """One thread a peer: looking up a lost name can hang for seconds. A process of its own: threads must not meet fork."""

    def watch(index: int, host: str) -> None:
        address, failures = None, 0
        while True:
            if address and answers(address, host):
                peers.set_address(index, socket.inet_aton(address))
                peers.set_up(index, True)
                failures = 0
            else:
                failures += 1
                if failures >= 2:
                    peers.set_up(index, False)
                    address = resolve(host) or address
            time.sleep(1 if failures == 0 else 0.3)

    threads = [threading.Thread(target=watch, args=(index, host), daemon=True)
               for index, (host, _) in enumerate(nodes) if index != Me.index]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def save_rings(addresses: list[str | None], replicas: int) -> None:
    """Placement depends on the command line alone, so all nodes agree on it; addresses follow the containers."""
    from swift.common.ring.ring import RingData
    os.chdir(ETC)
    for kind, port in PORTS.items():
        devices, devices_of_host = [], []
        for index, (host, paths) in enumerate(nodes):
            ip, device_port = (addresses[index], port) if addresses[index] else NOWHERE
            devices_of_host.append([])
            for number, _ in enumerate(paths, 1):
                identity = len(devices)
                devices.append({'id': identity, 'region': 1, 'zone': index + 1, 'ip': ip, 'port': device_port,
                                'replication_ip': ip, 'replication_port': device_port, 'device': f'd{number}',
                                'weight': 1.0, 'meta': host})
                devices_of_host[-1].append(identity)
        rows = []
        for replica in range(min(replicas, len(devices))):
            row = array.array('H')
            for part in range(2 ** PART_POWER):
                own = devices_of_host[(part + replica) % len(nodes)]
                row.append(own[(part // len(nodes) + replica // len(nodes)) % len(own)])
            rows.append(row)
        RingData(rows, devices, 32 - PART_POWER).save(f'{kind}.ring.gz')
