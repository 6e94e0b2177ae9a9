"""What all processes of a node share: who is who, the credentials, and which peers are up."""
import mmap
import sys

ETC, RUN, ROOT = '/etc/swift', '/run/stand-in', '/srv/node'
PORTS = {'object': 6200, 'container': 6201, 'account': 6202}

# (host, paths of its drives), in the order of the command line
nodes: list[tuple[str, list[str]]] = []
# MinIO's own defaults, until the environment says otherwise
credentials = ['minioadmin', 'minioadmin']


class Me:
    """Which of the nodes this is."""

    index = 0


class PeerTable:
    """Made before the supervisor forks: one page that it, the watcher and the proxy see alike. At most 128 nodes."""

    def __init__(self):
        self._page = mmap.mmap(-1, 1024)

    # the watcher writes: this peer answered its last probe, at this address
    def set_up(self, index: int, up: bool) -> None:
        self._page[index] = up

    def is_up(self, index: int) -> bool:
        return self._page[index] == 1

    def set_address(self, index: int, packed: bytes) -> None:
        self._page[256 + 4 * index:260 + 4 * index] = packed

    def get_address(self, index: int) -> bytes:
        return self._page[256 + 4 * index:260 + 4 * index]

    # the supervisor writes: this peer is back, but may have missed writes
    def set_settling(self, index: int, settling: bool) -> None:
        self._page[128 + index] = settling

    def is_settling(self, index: int) -> bool:
        return self._page[128 + index] == 1

    # the supervisor writes: this peer's drives count, the proxy has read the rings that have them
    def set_counted(self, index: int, counted: bool) -> None:
        self._page[768 + index] = counted

    def is_counted(self, index: int) -> bool:
        return self._page[768 + index] == 1


peers = PeerTable()


def log(*words) -> None:
    print('stand-in:', *words, file=sys.stderr, flush=True)


def die(message) -> None:
    log('FATAL', message)
    sys.exit(1)
