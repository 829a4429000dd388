"""Beam search: with cached keys and values, without, and in `transformers`' Speech2Text.

All three encode a batch and search, with the same beam, on one thread. The two models have the
same width, layers, heads, feed-forward channels, vocabulary and encoder steps, and their weights
are random: the end of a sentence is made impossible, so every search writes exactly `WORDS` words
and none is lucky. What differs: ours reads keypoints and makes its features itself, theirs is
given as many numbers per frame. They take turns, so that a busy machine slows all; medians of
`ROUNDS`.
"""

import statistics
import time
import warnings
from collections.abc import Callable

import torch

from slt_lib.stitching.regression import one_thread
from slt_lib.translation.data import Batch, Codec
from slt_lib.translation.model import Translator
from slt_lib.translation.peer import speech2text
from slt_lib.translation.search import SearchSettings, search
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.vocabulary import EOS, SPECIAL, Vocabulary

NAME = "beam_search"
ROUNDS = 5
SENTENCES, FRAMES, WORDS, BEAM = 16, 116, 30, 4  # frames: PHOENIX14T's mean
SETTINGS = ModelSettings(
    width=256, heads=4, encoder_layers=3, decoder_layers=3, feedforward=1024,
    gloss_ctc=False, text_ctc=False,
)  # fmt: skip
VOCABULARY = 2888  # PHOENIX14T's words


def run() -> dict:
    """Time the three searches on one batch.

    Returns:
        `cached_ms`, `uncached_ms`, `speech2text_ms` for the whole batch; `speedup_uncached` and
        `speedup_speech2text`, their time over ours; the sizes.
    """
    torch.manual_seed(0)
    ours, theirs = _ours(), _theirs()
    with one_thread(), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all sentences are cut
        runs = {"cached": lambda: ours(True), "uncached": lambda: ours(False),
                "speech2text": theirs}  # fmt: skip
        times = {name: [] for name in runs}
        for _ in range(ROUNDS + 1):  # the first is a warm-up
            for name, one in runs.items():
                times[name].append(_milliseconds(one))
    cached, uncached, speech2text = (statistics.median(t[1:]) for t in times.values())
    return {
        "cached_ms": cached,
        "uncached_ms": uncached,
        "speech2text_ms": speech2text,
        "speedup_uncached": uncached / cached,
        "speedup_speech2text": speech2text / cached,
        "sizes": f"{SENTENCES} sentences, {FRAMES} frames, {WORDS} words, beam {BEAM}, "
        f"width {SETTINGS.width}, {SETTINGS.encoder_layers}+{SETTINGS.decoder_layers} layers",
        "rounds": ROUNDS,
    }


def _ours() -> Callable:
    words = Vocabulary([*SPECIAL, *(f"w{i}" for i in range(VOCABULARY))])
    model = Translator(SETTINGS, Codec(words, words)).eval()
    model.decoder.bias.data[EOS] = -1e9
    none = torch.zeros(SENTENCES, dtype=torch.long)
    batch = Batch(
        torch.randn(SENTENCES, FRAMES, 60, 3), torch.rand(SENTENCES, FRAMES, 60) > 0.1,
        torch.full((SENTENCES,), FRAMES), none[:, None], none, none[:, None], none,
    )  # fmt: skip

    def one(cached: bool) -> list[int]:
        settings = SearchSettings(beam=BEAM, max_length=WORDS, cached=cached)
        return [len(found) for found in search(model, model.encode(batch), settings)]

    return one


def _theirs() -> Callable:
    model = speech2text(SETTINGS, VOCABULARY + len(SPECIAL)).eval()
    features = torch.randn(SENTENCES, FRAMES, 60 * 7)
    mask = torch.ones(SENTENCES, FRAMES, dtype=torch.long)

    def one() -> list[int]:
        found = model.generate(
            input_features=features, attention_mask=mask, num_beams=BEAM, do_sample=False,
            min_new_tokens=WORDS, max_new_tokens=WORDS,
        )  # fmt: skip
        return [len(words) - 1 for words in found]  # without BOS

    return one


def _milliseconds(one: Callable) -> float:
    started = time.perf_counter()
    lengths = one()
    passed = (time.perf_counter() - started) * 1e3
    if lengths != [WORDS] * SENTENCES:
        raise RuntimeError(f"Sentences of {lengths} words, not {WORDS}.")
    return passed
