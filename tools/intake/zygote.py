"""A process that has loaded what a worker needs, and forks one for each upload: milliseconds instead of half a second.

It reads nothing of an upload itself. Its parent speaks to it through a socket: a message FORK with three descriptors
(what the worker reads, what it writes, where its exit status goes) is answered with the process's number; a number asks
to kill that worker, which is safe where a number of the system might be another process's by then. When the socket
ends, so does this process; its workers end with their own pipes.
"""

import gc
import os
import select
import signal
import socket
import sys
from typing import NoReturn

from tools.intake import worker
from tools.intake.messages import FORK, MAX_FORK_BYTES

DESCRIPTORS = 3


def main() -> None:
    """Fork workers until the parent, whose socket is the descriptor that the last argument names, is gone."""
    worker.load()
    gc.freeze()  # so that workers share the pages
    woken, waker = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
    children: dict[int, int] = {}  # where the exit status of each goes
    with socket.socket(fileno=int(sys.argv[-1])) as parent:
        both = select.poll()
        both.register(parent, select.POLLIN)
        both.register(woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in both.poll()}
            if woken in ready:
                os.read(woken, 4096)
                _report(children)
            if parent.fileno() not in ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(parent, MAX_FORK_BYTES, DESCRIPTORS)
            if not message:
                return
            if message != FORK:
                if int(message) in children:
                    os.kill(int(message), signal.SIGKILL)
                continue
            pid = os.fork()
            if pid == 0:
                _become_worker(descriptors, [parent.detach(), woken, waker, *children.values()])
            reads, writes, status = descriptors
            os.close(reads)
            os.close(writes)
            children[pid] = status
            parent.send(b"%d" % pid)


def _report(children: dict[int, int]) -> None:
    """Tell the exit status of every worker that has ended."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        told = children.pop(pid)
        try:
            os.write(told, b"%d" % os.waitstatus_to_exitcode(status))
        except BrokenPipeError:  # nobody waits for it any longer
            pass
        finally:
            os.close(told)


def _become_worker(descriptors: list[int], others: list[int]) -> NoReturn:
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(descriptors[0], 0)
        os.dup2(descriptors[1], 1)
        for each in (*descriptors, *others):
            os.close(each)
        worker.work()
        status = 0
    finally:
        os._exit(status)
