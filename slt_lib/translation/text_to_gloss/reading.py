"""What would be signed for this text, and what of it can't be? Search, heads and a plain report."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from slt_lib.dictionary.glosses import plain
from slt_lib.translation.encoder import Memory
from slt_lib.translation.search import SearchSettings, Unsaid, search
from slt_lib.translation.text_to_gloss.batches import COPIED
from slt_lib.translation.text_to_gloss.data import GlossSentences
from slt_lib.translation.text_to_gloss.model import GlossOutputs, TextToGloss
from slt_lib.translation.text_to_gloss.words import split_text
from slt_lib.translation.vocabulary import BOS, PAD

BATCH = 64
UNSAID = 2.0  # log probability that it costs to end without a gloss that a word stands for


@dataclass(frozen=True)
class GlossLine:
    """What was written for one sentence.

    Attributes:
        words: What was read.
        glosses: What is to be signed.
        copied: Numbers of the glosses that are copies of unknown words.
        guessed: Unknown words that the model looked at for a gloss: (word, gloss).
        left_out: Unknown words that nothing was written for.
        seconds: Of every gloss; None if the model never learnt durations.
        cutoff: Hertz, None likewise.
        faces: What the face does on every gloss, None likewise.
    """

    words: tuple[str, ...]
    glosses: tuple[str, ...]
    copied: tuple[int, ...] = ()
    guessed: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    seconds: tuple[float, ...] | None = None
    cutoff: float | None = None
    faces: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Reading:
    """A text as it is going to be signed.

    Attributes:
        text: As it was given.
        lines: Its sentences, one after the other; none for an empty text.

    Chapter: 13_novel_sentences
    """

    text: str
    lines: tuple[GlossLine, ...]

    @property
    def glosses(self) -> tuple[str, ...]:
        """All glosses, in signing order."""
        return tuple(gloss for line in self.lines for gloss in line.glosses)

    @property
    def seconds(self) -> tuple[float, ...] | None:
        """How long each gloss lasts, None if the model never learnt it."""
        return _together(line.seconds for line in self.lines)

    @property
    def faces(self) -> tuple[str, ...] | None:
        """What the face does on each gloss, None if the model never learnt it."""
        return _together(line.faces for line in self.lines)

    @property
    def cutoff(self) -> float | None:
        """Hertz: the geometric mean over sentences, None if the model never learnt it."""
        known = [line.cutoff for line in self.lines if line.cutoff is not None]
        return float(np.exp(np.mean(np.log(known)))) if known else None

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should know: unknown words, and what became of them."""
        out = [] if self.lines else ["There is no word in the text."]
        for line in self.lines:
            out += [f"{line.glosses[i]}: an unknown word, taken over as it is."
                    for i in line.copied]  # fmt: skip
            out += [f"{word}: an unknown word, guessed from its parts to be {gloss}."
                    for word, gloss in line.guessed]  # fmt: skip
            out += [f"{word}: an unknown word, not signed." for word in line.left_out]
            if not line.glosses:
                out.append(f"Nothing was found to sign for: {' '.join(line.words)}.")
        return tuple(out)


def _together(parts) -> tuple | None:
    parts = list(parts)
    if not parts or any(part is None for part in parts):
        return None
    return tuple(value for part in parts for value in part)


def read_text(text: str, model: TextToGloss, beam: int = 4) -> Reading:
    """Any German text as glosses, with durations, faces and cutoff.

    Words that training never had are read by their parts, or taken over as glosses, which the
    dictionary splits, counts or finger-spells. Nothing fails because of a word: `notes` say
    what became of it.

    Args:
        text: One sentence or several, in any spelling.
        model: A text-to-gloss model.
        beam: Hypotheses kept in the search.

    Chapter: 13_novel_sentences
    """
    return Reading(text, tuple(write_glosses(model, split_text(text), beam)))


@torch.no_grad()
def write_glosses(
    model: TextToGloss, sentences: Sequence[Sequence[str]], beam: int = 4, unsaid: float = UNSAID
) -> list[GlossLine]:
    """Glosses and how to sign them for sentences given as words; the batches make no difference.

    A decoder may leave half a sentence out, and be sure of the other half. So ending has a price
    as long as there are words whose glosses aren't written yet: words which by counting stand for
    one gloss (`Lexicon.sure`). It is a coverage penalty (Wu et al. 2016,
    https://arxiv.org/abs/1609.08144, equation 14) that asks the lexicon and not the attention.

    Args:
        model: A text-to-gloss model, put in evaluation mode.
        sentences: Words of each, at least one.
        beam: Hypotheses kept in the search.
        unsaid: The price of each such gloss, as log probability; 0 for none.

    Chapter: 13_novel_sentences
    """
    model.eval()
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    lines: dict[int, GlossLine] = {}
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        words = [tuple(sentences[i]) for i in chosen]
        memory = model.encode(model.codec.table.encode(words))
        longest = 10 + 2 * max(map(len, words))
        with warnings.catch_warnings():  # an untrained model doesn't know when to stop
            warnings.simplefilter("ignore")
            price = _price(model, words, unsaid) if unsaid else None
            found = search(model, memory, SearchSettings(beam=beam, max_length=longest), price)
        found = [_without_surplus(model, one, words[b]) or _one_gloss(model, memory, b, words[b])
                 for b, one in enumerate(found)]  # fmt: skip
        tokens = _tokens(found)
        outputs = model.say(tokens, memory)
        looks = model.decoder.looks(tokens, memory.states, memory.mask)
        for b, i in enumerate(chosen):
            lines[i] = _line(model, words[b], found[b], outputs, looks[b].argmax(-1), b)
    return [lines[i] for i in range(len(sentences))]


def _price(model: TextToGloss, sentences: Sequence[Sequence[str]], each: float) -> Unsaid:
    """What it costs to end, as `search` asks for it: so much for each gloss that is missing."""
    size = len(model.codec.gloss)
    wanted = torch.zeros(len(sentences), size)
    for row, words in zip(wanted, sentences, strict=True):
        glosses = model.stands_for[torch.tensor(model.codec.table.words.encode(words))]
        row += torch.bincount(glosses[glosses >= 0], minlength=size)

    def price(left: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        written = torch.zeros(*tokens.shape[:2], size)
        written.scatter_add_(2, tokens, torch.ones(tokens.shape))
        return each * (wanted[left].unsqueeze(1) - written).clamp(min=0).sum(-1)

    return price


@torch.no_grad()
def heads_on(model: TextToGloss, data: GlossSentences) -> list[GlossLine]:
    """What the heads say of sentences whose glosses are given: to measure them alone.

    Args:
        model: A text-to-gloss model.
        data: Sentences with glosses.

    Chapter: 13_novel_sentences
    """
    model.eval()
    lines = []
    for words, glosses in zip(data.words, data.glosses, strict=True):
        memory = model.encode(model.codec.table.encode([words]))
        outputs = model.say(_tokens([model.codec.gloss.encode(glosses)]), memory)
        lines.append(GlossLine(words, glosses, **_heads(model, outputs, 0, range(len(glosses)))))
    return lines


def _tokens(found: Sequence[Sequence[int]]) -> torch.Tensor:
    """Glosses with `BOS` before them, padded, int [sentences, longest + 1]."""
    out = torch.full((len(found), 1 + max(map(len, found))), PAD)
    out[:, 0] = BOS
    for row, numbers in zip(out, found, strict=True):
        row[1 : 1 + len(numbers)] = torch.tensor(numbers, dtype=torch.long)
    return out


def _heads(model: TextToGloss, outputs: GlossOutputs, b: int, places: Sequence[int]) -> dict:
    """The heads' words on the glosses in some places of a sentence; None for untaught ones."""
    places, taught, faces = list(places), model.heads, model.codec.faces
    seconds = tuple(outputs.seconds[b, places].exp().tolist())
    named = tuple(faces[f] for f in outputs.faces[b, places].argmax(-1)) if faces else None
    return {
        "seconds": seconds if taught["seconds"] else None,
        "cutoff": float(outputs.cutoff[b].exp()) if taught["cutoff"] else None,
        "faces": named if taught["faces"] else None,
    }


def _without_surplus(model: TextToGloss, numbers: list[int], words: Sequence[str]) -> list[int]:
    """As many copies as there are unknown words, the first ones."""
    left, kept = len(_unknown(model, words)), []
    for number in numbers:
        left -= number == COPIED
        if number != COPIED or left >= 0:
            kept.append(number)
    return kept


def _unknown(model: TextToGloss, words: Sequence[str]) -> list[int]:
    """Which words training never had."""
    return [i for i, word in enumerate(words) if not model.codec.table.knows(word)]


def _one_gloss(model: TextToGloss, memory: Memory, b: int, words: Sequence[str]) -> list[int]:
    """Instead of nothing, the likeliest gloss, if there is any word that the model knows."""
    if len(_unknown(model, words)) == len(words):
        return []
    logits = model.decoder(torch.tensor([[BOS]]), memory.states[b : b + 1], memory.mask[b : b + 1])
    return [int(logits[0, 0, COPIED + 1 :].argmax()) + COPIED + 1]


def _line(model, words, numbers, outputs: GlossOutputs, looks, b: int) -> GlossLine:
    """A search's result with its copies filled in."""
    free, glosses, copied = _unknown(model, words), [], []
    for k, number in enumerate(numbers):
        gloss = model.codec.gloss.words[number]
        if number == COPIED:
            at = max(free, key=lambda i, k=k: float(outputs.pointer[b, k, i]))
            free.remove(at)
            copied.append(len(glosses))
            gloss = plain(words[at])
        glosses.append(gloss)
    seen = {int(looks[k]): gloss for k, gloss in enumerate(glosses)}
    guessed = tuple((words[i], seen[i]) for i in free if i in seen)
    left_out = [i for i in free if i not in seen]
    heads = _heads(model, outputs, b, range(len(glosses)))
    if not glosses and left_out:  # nothing at all: rather the bare words than silence
        bare, n = tuple(plain(words[i]) for i in left_out), len(left_out)
        usual = float(model.usual.weight[COPIED, 0].exp())
        seconds = None if heads["seconds"] is None else (usual,) * n
        faces = None if heads["faces"] is None else model.codec.faces[:1] * n
        return GlossLine(words, bare, tuple(range(n)), (), (), seconds, heads["cutoff"], faces)
    return GlossLine(words, tuple(glosses), tuple(copied), guessed,
                     tuple(words[i] for i in left_out), **heads)  # fmt: skip
