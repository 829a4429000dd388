"""How fast and how far may an endpoint be asked? Requests per minute, tokens, money."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from slt_lib.corpus.sentences.request import Answer
from slt_lib.pose.errors import SLTError

MINUTE = 60.0  # seconds


class BudgetSpentError(SLTError):
    """The budget doesn't allow another request; the answers so far are kept."""


@dataclass(frozen=True)
class Limits:
    """What a series of requests may use; 0 is no limit.

    Attributes:
        requests_per_minute: Of the endpoint.
        tokens: Read and written.
        cost: In the currency of the prices.
        price_in, price_out: Per million tokens read and written.

    Raises:
        SLTError: If one is negative, or a cost is limited without prices.

    Chapter: 13_novel_sentences
    """

    requests_per_minute: float = 0
    tokens: int = 0
    cost: float = 0
    price_in: float = 0
    price_out: float = 0

    def __post_init__(self) -> None:
        if min(vars(self).values()) < 0:
            raise SLTError(f"{self} makes no sense.", fix="Limits and prices are 0 or more.")
        if self.cost and not self.price_in + self.price_out:
            raise SLTError("A limited cost needs prices.", fix="Give price_in and price_out.")


class Meter:
    """Counts what a series uses, waits where it is too fast, stops where it is too much.

    Args:
        limits: What may be used.
        clock, sleep: Of time in seconds; for tests.
    """

    def __init__(
        self, limits: Limits, *, clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        self.limits, self.clock, self.sleep = limits, clock, sleep
        self.requests, self.tokens, self.cost = 0, 0, 0.0
        self._times: deque[float] = deque()

    def before(self) -> None:
        """Wait for the next request's turn.

        Raises:
            BudgetSpentError: If there is nothing left to spend.
        """
        used = (("tokens", self.tokens, self.limits.tokens), ("cost", self.cost, self.limits.cost))
        for name, spent, limit in used:
            if limit and spent >= limit:
                raise BudgetSpentError(
                    f"{self.requests} requests have used {spent:g} of the {limit:g} allowed "
                    f"({name}).",
                    fix="Their answers are kept. Raise the limit and run again: only what is "
                    "missing is asked.",
                )
        rate = self.limits.requests_per_minute
        if rate and len(self._times) >= max(1, int(rate)):
            window = MINUTE * max(1.0, 1 / rate)
            wait = self._times.popleft() + window - self.clock()
            if wait > 0:
                self.sleep(wait)
        self._times.append(self.clock())

    def after(self, answer: Answer) -> None:
        """Count an answer."""
        self.requests += 1
        self.tokens += answer.tokens_in + answer.tokens_out
        prices = answer.tokens_in * self.limits.price_in + answer.tokens_out * self.limits.price_out
        self.cost += prices / 1e6
