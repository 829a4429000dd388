"""Numba's own threads serve one caller at a time."""

from threading import RLock

ALONE = RLock()  # to hold around every parallel loop: two at once would end the process
