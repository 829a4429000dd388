"""How much memory does a piece of work hold, its worker processes included?"""

import threading

import psutil

PAUSE = 0.1  # seconds between two looks


class MemoryWatch:
    """The most bytes that this process and those it started hold, while the block runs.

    Mapped files don't count: the system drops their pages when it wants to.

    Attributes:
        peak_mb: Of all processes together; own_mb: of this one alone.
        start_mb: Of all, when it began.

    Chapter: 15_your_own_data
    """

    peak_mb = own_mb = start_mb = 0.0

    def __enter__(self) -> "MemoryWatch":
        self._me, self._stop = psutil.Process(), threading.Event()
        self._look()
        self.start_mb = self.peak_mb
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._stop.wait(PAUSE):
            self._look()

    def _look(self) -> None:
        own = held(self._me) / 2**20
        try:
            others = self._me.children(recursive=True)
        except psutil.Error:
            others = []
        self.own_mb = max(self.own_mb, own)
        self.peak_mb = max(self.peak_mb, own + sum(map(held, others)) / 2**20)


def held(process: psutil.Process) -> int:
    """Bytes of a process without pages of files; without shared pages where that isn't known."""
    try:
        memory = process.memory_info()
        if hasattr(memory, "shared"):
            return memory.rss - memory.shared
        return process.memory_full_info().uss
    except psutil.Error:  # it has just ended
        return 0
