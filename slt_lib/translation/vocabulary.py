"""Which words does the translator know? Words and glosses as numbers, and back."""

from collections import Counter
from collections.abc import Iterable, Sequence

from slt_lib.pose.errors import SLTError

PAD, UNK, BOS, EOS = range(4)  # PAD is also the blank of CTC
SPECIAL = ("<pad>", "<unk>", "<s>", "</s>")


class Vocabulary:
    """Words by number; the first four are padding (and CTC's blank), unknown, start and end.

    Args:
        words: All of them, the special ones first.

    Raises:
        SLTError: If the special ones don't come first, or a word stands twice.

    Chapter: 09_pose_to_text
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self.index = {word: i for i, word in enumerate(self.words)}
        if self.words[:4] != SPECIAL or len(self.index) != len(self.words):
            raise SLTError("This is no vocabulary.", fix="Make one with Vocabulary.build.")

    @classmethod
    def build(cls, sequences: Iterable[Sequence[str]], min_count: int = 1) -> "Vocabulary":
        """All words seen often enough, frequent ones first.

        Args:
            sequences: Sentences as words.
            min_count: Rarer words become unknown.

        Chapter: 09_pose_to_text
        """
        counts = Counter(word for words in sequences for word in words if word not in SPECIAL)
        kept = sorted(
            (w for w, n in counts.items() if n >= min_count), key=lambda w: (-counts[w], w)
        )
        return cls((*SPECIAL, *kept))

    def __len__(self) -> int:
        return len(self.words)

    def encode(self, words: Sequence[str]) -> list[int]:
        """Words as numbers; unknown ones, and words spelled like a special one, become `UNK`."""
        numbers = (self.index.get(word, UNK) for word in words)
        return [number if number > EOS else UNK for number in numbers]

    def decode(self, numbers: Iterable[int]) -> list[str]:
        """Numbers as words, up to the first `EOS`, without the special ones."""
        out = []
        for number in numbers:
            if number == EOS:
                break
            if number > EOS or number == UNK:
                out.append(self.words[number])
        return out
