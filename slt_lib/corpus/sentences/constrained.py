"""Decoding that can't leave a vocabulary: glosses first, then the words of the text.

An endpoint does this for us when it is given a JSON schema. For a model in our own hands it is a
mask over the next token: the known words as a tree of tokens, and a walk through it per sequence.

Source: Willard and Louf 2023 (guided generation); De Cao et al. 2021 (a tree of known names).
"""

from collections.abc import Callable, Sequence

import torch

END = -1  # a word may end here


class WordTree:
    """Words as sequences of tokens, in a tree.

    Args:
        words: The words; each is encoded with a space before it, as it stands in running text.
        encode: From a string to token ids.
    """

    def __init__(self, words: Sequence[str], encode: Callable[[str], list[int]]) -> None:
        self.root: dict = {}
        for word in words:
            node = self.root
            for token in encode(" " + word):
                node = node.setdefault(token, {})
            node[END] = {}


class PairConstraint:
    """A logits processor for lines "GLOSS GLOSS / text of known words .", in three states.

    Args:
        glosses: The tree of glosses.
        words: The tree of words, among them the full stop; None leaves the text free.
        between: Tokens that lead from the glosses to the text.
        stop: The token that ends a text after its full stop.
        full_stop: Token of the full stop as a word.
        longest: Most glosses of a sentence.
    """

    def __init__(
        self, glosses: WordTree, words: WordTree | None, between: Sequence[int], stop: int,
        full_stop: int, longest: int = 24,
    ) -> None:  # fmt: skip
        self.glosses, self.words, self.between = glosses, words, list(between)
        self.stop, self.full_stop, self.longest = stop, full_stop, longest
        self.rows: list[_Row] = []

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [B, V] with everything that may not follow ids [B, T] at minus infinity."""
        if not self.rows:  # nothing was written yet
            self.rows = [_Row(self.glosses.root) for _ in ids]
        else:
            for row, token in zip(self.rows, ids[:, -1].tolist(), strict=True):
                self._step(row, token)
        allowed = torch.full_like(scores, -torch.inf)
        for i, row in enumerate(self.rows):
            may = self._may(row)
            if may is None:
                allowed[i] = scores[i]
            else:
                allowed[i, may] = scores[i, may]
        return allowed

    def _may(self, row: "_Row") -> list[int] | None:
        if row.part == "done":
            return [self.stop]
        if row.part == "between":
            return [self.between[row.at]]
        if row.node is None:  # free text
            return None
        tree = self.glosses if row.part == "glosses" else self.words
        may = [token for token in row.node if token != END]
        if END in row.node:
            if row.part == "text" and row.last == self.full_stop:
                return [self.stop]
            if row.part == "text" or row.count < self.longest:
                may += list(tree.root)
            if row.part == "glosses":
                may.append(self.between[0])
        return may

    def _step(self, row: "_Row", token: int) -> None:
        row.last = token
        if row.part == "between":
            row.at += 1
        elif row.part == "glosses":
            if token in row.node:
                row.node = row.node[token]
            elif token == self.between[0]:
                row.part, row.at = "between", 1
            else:
                row.node, row.count = self.glosses.root[token], row.count + 1
        elif row.part == "text":
            if token == self.stop:
                row.part = "done"
            elif row.node is not None:
                row.node = row.node[token] if token in row.node else self.words.root[token]
        if row.part == "between" and row.at == len(self.between):
            row.part, row.node = "text", self.words.root if self.words else None


class _Row:
    """Where one sequence is."""

    def __init__(self, root: dict) -> None:
        self.part, self.node, self.at, self.count, self.last = "glosses", root, 0, 1, END
