"""How can back-translation be fooled? Signing that scores well and isn't a good production."""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from slt_lib.corpus.corpus import Corpus
from slt_lib.corpus.synthetic import corpus_durations
from slt_lib.corpus.weather.world import World
from slt_lib.dictionary import load_dictionary
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import Utterance
from slt_lib.pose.resample import resample
from slt_lib.pose.sequence import PoseSequence, concatenate
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.stitcher import Stitcher
from slt_lib.translation.data import TranslationData
from slt_lib.translation.model import Translator
from slt_lib.translation.search import GREEDY, translate

SLOW = 1.5  # how much longer "slowed" takes
SIGNS = 6  # of the commonest ones
CANDIDATES = 10  # that "chosen" lets the translator read


def similarity(texts: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """How alike sentences are: cosine of their words and pairs of words, rare ones weighing more.

    Args:
        texts: Of the sentences asked about.
        known: Of those to compare with.

    Returns:
        float [texts, known], 0 to 1.

    Chapter: 14_novel_motion_and_appearance
    """
    counts = [[Counter(_grams(text)) for text in some] for some in (texts, known)]
    found_in = Counter(gram for one in counts[1] for gram in one)
    place = {gram: k for k, gram in enumerate(found_in)}
    weights = np.array([math.log((1 + len(known)) / n) for n in found_in.values()])
    tables = []
    for some in counts:
        table = np.zeros((len(some), len(place)))
        for row, one in zip(table, some, strict=True):
            for gram, count in one.items():
                if gram in place:
                    row[place[gram]] = count * weights[place[gram]]
        length = np.linalg.norm(table, axis=1, keepdims=True)
        tables.append(table / np.where(length > 0, length, 1))
    return tables[0] @ tables[1].T


def _grams(text: str) -> list[tuple[str, ...]]:
    words = text.lower().split()
    return [(word,) for word in words] + list(pairwise(words))


def nearest(wanted: Sequence[Utterance], train: Corpus, count: int = 1) -> list:
    """Retrieval: the training sentences whose text is most like each wanted one's.

    Args:
        wanted: Sentences; their signing isn't looked at.
        train: Sentences with signing.
        count: How many of each.

    Returns:
        Numbers in `train`: one for each wanted sentence, or, for a larger count, a list of them.

    Chapter: 14_novel_motion_and_appearance
    """
    alike = similarity([u.text for u in wanted], train.texts)
    order = np.argsort(-alike, axis=1, kind="stable")[:, :count]
    return order[:, 0].tolist() if count == 1 else order.tolist()


def read_best(
    wanted: Sequence[Utterance], train: Corpus, model: Translator, count: int = CANDIDATES
) -> list[PoseSequence]:
    """Of the nearest training sentences, the signing that the judge itself translates best.

    Args:
        wanted: Sentences.
        train: Sentences with signing.
        model: The judge.
        count: How many it may read for each.

    Chapter: 14_novel_motion_and_appearance
    """
    from sacrebleu.metrics import CHRF

    candidates = [np.atleast_1d(c).tolist() for c in nearest(wanted, train, count)]
    known = sorted({n for some in candidates for n in some})
    said = translate(model, TranslationData.from_corpus(train[n] for n in known), GREEDY)
    by_number, metric, chosen = dict(zip(known, said, strict=True)), CHRF(), []
    for item, some in zip(wanted, candidates, strict=True):
        likes = [metric.sentence_score(by_number[n], [item.text]).score for n in some]
        chosen.append(train[some[int(np.argmax(likes))]].pose)
    return chosen


def twice(pose: PoseSequence) -> PoseSequence:
    """The same signing once more after itself."""
    return concatenate([pose, pose])


def slowed(pose: PoseSequence, factor: float = SLOW) -> PoseSequence:
    """The same signing, slower."""
    return resample(pose, max(1, round(factor * len(pose))))


def commonest(world: World, count: int = SIGNS) -> PoseSequence:
    """One and the same signing for every sentence: the commonest signs, one after the other.

    Args:
        world: Whose training sentences say what is common, and whose dictionary has the signs.
        count: Of signs.

    Raises:
        SLTError: If none of the training sentences' glosses has a sign.

    Chapter: 14_novel_motion_and_appearance
    """
    dictionary = load_dictionary(world.dictionary)
    common = Counter(gloss for glosses in world.train.glosses for gloss in glosses)
    chosen = [gloss for gloss, _ in common.most_common() if gloss in dictionary][:count]
    if not chosen:
        raise SLTError("No gloss of the training sentences has a sign.")
    settings = StitchSettings(missing="skip", durations=corpus_durations(world.train))
    return Stitcher(dictionary, settings).stitch(chosen).pose
