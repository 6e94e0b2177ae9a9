"""Whether this replica was told to stop: one byte that gunicorn's master and its workers share."""
import mmap

# Made when the master imports this, before it forks: every worker sees the same page.
_flag = mmap.mmap(-1, 1)


def begin() -> None:
    _flag[0] = 1


def begun() -> bool:
    return _flag[0] == 1
