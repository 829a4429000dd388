"""A language model as a source of sentences, wherever it runs."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Protocol

from slt_lib.corpus.sentences.answers import Answers
from slt_lib.corpus.sentences.limits import Limits, Meter
from slt_lib.corpus.sentences.pairs import Pair, Raw
from slt_lib.corpus.sentences.parse import parse
from slt_lib.corpus.sentences.request import Answer, Request, make_request

SILENT = 10  # unreadable requests in a row after which a model is given up


class Model(Protocol):
    """What answers: `LocalModel` or `Endpoint`.

    Attributes:
        name: For the hash of a request.
        one_each: Whether each of an answer's texts is one pair, as in sampling; without its full
            stop it is unfinished.
    """

    name: str
    one_each: bool

    def answer(self, request: Request) -> Answer:
        """What the model writes."""
        ...


class LanguageModel:
    """Pairs that a language model writes in the manner of training pairs.

    Args:
        model: A local model or an endpoint.
        train: Pairs of the *training* set; the only ones that it is ever shown.
        glosses: Of the dictionary: what it may use.
        answers: Where its answers are kept.
        words: What texts may be made of, for a local model that decodes by it.
        limits: Of the requests; kept answers cost nothing.
        seed: Of examples and sampling.
        requests: Most requests.
        how: Further arguments of `make_request`, such as n, shots, temperature, closely.

    Chapter: 13_novel_sentences
    """

    def __init__(
        self, model: Model, train: Sequence[Pair], glosses: Sequence[str], answers: Answers, *,
        words: Sequence[str] = (), limits: Limits | None = None, seed: int = 0,
        requests: int = 1000, **how,
    ) -> None:  # fmt: skip
        self.model, self.answers, self.meter = model, answers, Meter(limits or Limits())
        self.train, self.glosses, self.words = train, glosses, words
        self.seed, self.requests, self.how = seed, requests, how
        self.name = model.name

    def request(self, number: int) -> Request:
        """The request of a number, from 0."""
        return make_request(
            number, self.train, model=self.model.name, glosses=self.glosses, words=self.words,
            seed=self.seed, **self.how,
        )  # fmt: skip

    def draw(self) -> Iterator[Raw]:
        """Pairs request by request; one for each that was asked for, read or not.

        Raises:
            SLTError: If the model can't be asked, or the budget is spent. What was answered so far
                is kept.
        """
        silent = 0
        for number in count() if not self.requests else range(self.requests):
            request = self.request(number)
            found = self._read(self.answers.ask(request, self._ask))
            found += [Raw("", None)] * (request.n - len(found))
            yield from found
            silent = 0 if any(raw.pair for raw in found) else silent + 1
            if silent == SILENT:
                return

    def _read(self, answer: Answer) -> list[Raw]:
        if not self.model.one_each:
            return [raw for text in answer.texts for raw in parse(text)]
        firsts = [next((r for r in parse(t) if r.pair), Raw(t, None)) for t in answer.texts]
        return [r if r.said.rstrip().endswith(".") else Raw(r.said, None) for r in firsts]

    def _ask(self, request: Request) -> Answer:
        self.meter.before()
        answer = self.model.answer(request)
        self.meter.after(answer)
        return answer
