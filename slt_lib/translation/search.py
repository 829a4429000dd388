"""Which sentence does the model believe in? Greedy and beam search, with cached keys and values."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from slt_lib.pose.errors import SLTError
from slt_lib.translation.encoder import Memory
from slt_lib.translation.joint import CtcPrefixes
from slt_lib.translation.model import Translator
from slt_lib.translation.video_data import Sentences
from slt_lib.translation.vocabulary import BOS, EOS, PAD, UNK

Unsaid = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class SearchSettings:
    """How to search.

    Attributes:
        beam: Hypotheses kept; 1 is greedy.
        length_penalty: A finished hypothesis' log probability is divided by its number of words
            to this power: 0 favours short sentences, 1 is the mean per word.
        max_length: Words after which a sentence is cut, with a warning.
        ctc_weight: Share of the word CTC's prefix score (joint decoding), 0 to below 1.
        candidates: Words per hypothesis that joint decoding scores.
        cached: False computes everything anew at every word, to compare with.

    Raises:
        SLTError: If values make no sense.

    Chapter: 09_pose_to_text
    """

    beam: int = 4
    length_penalty: float = 1.0
    max_length: int = 200
    ctc_weight: float = 0.0
    candidates: int = 12
    cached: bool = True

    def __post_init__(self) -> None:
        if self.beam < 1 or self.max_length < 1 or self.candidates < self.beam:
            raise SLTError("beam and max_length are 1 or more, candidates no fewer than the beam.")
        if not 0 <= self.ctc_weight < 1 or self.length_penalty < 0:
            raise SLTError("ctc_weight is from 0 to below 1, length_penalty not below 0.")


GREEDY = SearchSettings(beam=1)


@torch.no_grad()
def translate(
    model: Translator,
    data: Sentences,
    settings: SearchSettings | None = None,
    batch_size: int = 64,
) -> list[str]:
    """Translate a data set; the result doesn't depend on the batches.

    Args:
        model: A translator; put in evaluation mode.
        data: What to translate.
        settings: How to search.
        batch_size: Sentences at a time, of similar length.

    Returns:
        One text per sentence, in the data's order.

    Raises:
        SLTError: If joint decoding is asked of a model without a word CTC head.

    Chapter: 09_pose_to_text
    """
    settings = settings or SearchSettings()
    if settings.ctc_weight and model.text_head is None:
        raise SLTError("The model has no word CTC head.", fix="Train it with text_ctc=True.")
    device, was_training = next(model.parameters()).device, model.training
    model.eval()
    order, out = data.lengths.argsort(kind="stable"), [""] * len(data)
    for start in range(0, len(data), batch_size):
        chosen = order[start : start + batch_size]
        memory = model.encode(data.batch(chosen, model.codec).to(device))
        for i, tokens in zip(chosen, search(model, memory, settings), strict=True):
            out[i] = model.codec.decode_text(tokens)
    model.train(was_training)
    return out


def search(
    model: Translator, memory: Memory, settings: SearchSettings, unsaid: Unsaid | None = None
) -> list[list[int]]:
    """The best word numbers for every sentence of a memory, without `BOS` and `EOS`.

    Args:
        model: Whose decoder.
        memory: Of a batch.
        settings: How to search.
        unsaid: What it costs a hypothesis to end now, as log probability: from numbers of
            sentences, int [sentences], and their hypotheses so far, int [sentences, beam, words],
            to [sentences, beam].
    """
    state = _Beams(model, memory, settings, unsaid)
    while state.go_on():
        state.advance()
    return state.best()


class _Beams:
    """The hypotheses of a batch; sentences leave it when they are done."""

    def __init__(
        self, model: Translator, memory: Memory, settings: SearchSettings, unsaid: Unsaid | None
    ) -> None:
        self.settings, (size, _, _), self.unsaid = settings, memory.states.shape, unsaid
        self.device, beam = memory.states.device, settings.beam
        self.step = _stepper(model, memory, settings)
        self.ctc = None
        if settings.ctc_weight:
            self.ctc = CtcPrefixes(memory.text_logits, memory.mask, beam)
        self.left = torch.arange(size, device=self.device)  # which sentences go on
        self.tokens = torch.full((size, beam, 1), BOS, device=self.device)
        self.scores = torch.full((size, beam), -torch.inf, device=self.device)
        self.scores[:, 0] = 0.0
        self.ended = torch.zeros(size, dtype=torch.long, device=self.device)
        self.found = [(-torch.inf, [])] * size

    def go_on(self) -> bool:
        """Whether a sentence is left; those that are too long are cut."""
        if len(self.left) and self.tokens.shape[2] > self.settings.max_length:
            warnings.warn(
                f"{len(self.left)} sentences were cut after {self.settings.max_length} words.",
                stacklevel=4,
            )
            rows = torch.arange(len(self.left))
            self._finish(rows, torch.zeros_like(rows), self.scores[:, 0])
            self.left = self.left[:0]
        return len(self.left) > 0

    def advance(self) -> None:
        """One more word for every hypothesis."""
        size, beam, length = self.tokens.shape
        logits = self.step(self.tokens[..., -1].flatten(), self.tokens.flatten(0, 1))
        logits[:, [PAD, UNK, BOS]] = -torch.inf
        words = logits.float().log_softmax(-1).view(size, beam, -1)
        if self.unsaid is not None:
            words[..., EOS] -= self.unsaid(self.left, self.tokens)
        total, ids = self._totals(words)
        width = ids.shape[-1]
        top, flat = total.flatten(1).topk(min(2 * beam, total[0].numel()), -1)
        came_from, word = flat // width, ids.flatten(1).gather(1, flat)
        ends = (word == EOS) & (torch.arange(top.shape[1], device=self.device) < beam)
        ends &= top > -torch.inf
        self._ends(ends, came_from, top)
        kept = (top.masked_fill(word == EOS, -torch.inf)).topk(beam, -1)
        source, chosen = came_from.gather(1, kept.indices), word.gather(1, kept.indices)
        rows = (torch.arange(size, device=self.device).unsqueeze(1) * beam + source).flatten()
        self.tokens = torch.cat(
            [self.tokens.flatten(0, 1)[rows].view(size, beam, length), chosen.unsqueeze(-1)], -1
        )
        self._reorder(rows, chosen, kept.values, words, source)
        self._drop_done()

    def _totals(self, words: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of every continuation [size, beam, candidates] and which words they are."""
        if self.ctc is None:
            ids = torch.arange(words.shape[-1], device=self.device).expand_as(words)
            return self.scores.unsqueeze(-1) + words, ids
        most = min(self.settings.candidates, words.shape[-1])
        top = words.topk(most, -1)
        ends = torch.full_like(top.indices[..., :1], EOS)
        ids = torch.cat([top.indices.masked_fill(top.indices == EOS, PAD), ends], -1)
        attention = self.attention_so_far.unsqueeze(-1) + words.gather(-1, ids)
        share = self.settings.ctc_weight
        total = (1 - share) * attention + share * self.ctc.scores(ids, self.tokens[..., -1])
        dead = (self.scores == -torch.inf).unsqueeze(-1) | (ids == PAD)
        return total.masked_fill(dead, -torch.inf), ids

    @property
    def attention_so_far(self) -> Tensor:
        if not hasattr(self, "_attention"):
            self._attention = torch.zeros_like(self.scores)
        return self._attention

    def _reorder(self, rows: Tensor, chosen: Tensor, scores: Tensor, words: Tensor, source) -> None:
        self.scores = scores
        self.step.reorder(rows)
        if self.ctc is not None:
            took = words.flatten(0, 1)[rows].gather(1, chosen.view(-1, 1)).view_as(chosen)
            self._attention = self.attention_so_far.gather(1, source) + took
            self.ctc.advance(rows, chosen)

    def _ends(self, ends: Tensor, came_from: Tensor, scores: Tensor) -> None:
        for i, k in ends.nonzero().tolist():
            self._finish(torch.tensor([i]), came_from[i, k : k + 1].cpu(), scores[i, k : k + 1])
        self.ended += ends.sum(1)

    def _finish(self, sentences: Tensor, beams: Tensor, scores: Tensor) -> None:
        power = self.tokens.shape[2] ** self.settings.length_penalty
        for i, b, score in zip(sentences.tolist(), beams.tolist(), scores.tolist(), strict=True):
            number = int(self.left[i])
            if score / power > self.found[number][0]:
                self.found[number] = score / power, self.tokens[i, b, 1:].tolist()

    def _drop_done(self) -> None:
        """Sentences with as many finished hypotheses as beams, or none alive, are done."""
        alive = (self.ended < self.settings.beam) & (self.scores > -torch.inf).any(1)
        if bool(alive.all()):
            return
        stay = alive.nonzero().squeeze(1)
        self.left, self.tokens, self.scores = self.left[stay], self.tokens[stay], self.scores[stay]
        self.ended = self.ended[stay]
        self.step.keep(stay)
        if self.ctc is not None:
            self._attention = self.attention_so_far[stay]
            self.ctc.keep(stay)

    def best(self) -> list[list[int]]:
        """The best finished hypothesis of every sentence."""
        return [tokens for _, tokens in self.found]


class _Cached:
    """The decoder's next words, one step at a time."""

    def __init__(self, model: Translator, memory: Memory, settings: SearchSettings) -> None:
        self.decoder = model.decoder
        longest = settings.max_length + 1
        self.cache = self.decoder.start(memory.states, memory.mask, settings.beam, longest)

    def __call__(self, latest: Tensor, prefix: Tensor) -> Tensor:
        return self.decoder.step(latest, self.cache)

    def reorder(self, rows: Tensor) -> None:
        """Follow the hypotheses that were kept."""
        self.cache.reorder(rows)

    def keep(self, sentences: Tensor) -> None:
        """Go on with some sentences."""
        self.cache.keep(sentences)


class _Uncached:
    """The decoder's next words, from the whole prefix each time: slow and obvious."""

    def __init__(self, model: Translator, memory: Memory, settings: SearchSettings) -> None:
        self.decoder, self.beam = model.decoder, settings.beam
        self.states, self.mask = memory.states, memory.mask

    def __call__(self, latest: Tensor, prefix: Tensor) -> Tensor:
        states = self.states.repeat_interleave(self.beam, 0)
        return self.decoder(prefix, states, self.mask.repeat_interleave(self.beam, 0))[:, -1]

    def reorder(self, rows: Tensor) -> None:
        """Nothing is kept."""

    def keep(self, sentences: Tensor) -> None:
        """Go on with some sentences."""
        self.states, self.mask = self.states[sentences], self.mask[sentences]


def _stepper(model: Translator, memory: Memory, settings: SearchSettings) -> Callable:
    return (_Cached if settings.cached else _Uncached)(model, memory, settings)
