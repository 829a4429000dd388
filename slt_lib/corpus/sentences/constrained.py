"""Decoding that can't leave a vocabulary: glosses and words of the text, in either order.

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
    """A logits processor for a line of glosses and a line of words, in three states.

    Args:
        glosses: The tree of glosses.
        words: The tree of words, among them the full stop; None leaves the text free.
        between: Tokens that lead from one to the other.
        stop: The token that ends the second.
        full_stop: Token of the full stop as a word: what a text ends with.
        longest: Most glosses of a sentence.
        text_first: Whether the text is written first. A free text can't be.
    """

    def __init__(
        self, glosses: WordTree, words: WordTree | None, between: Sequence[int], stop: int,
        full_stop: int, longest: int = 24, text_first: bool = False,
    ) -> None:  # fmt: skip
        order = ("text", "glosses") if text_first else ("glosses", "text")
        self.trees = {"glosses": glosses, "text": words}
        self.first, self.second = order
        self.between, self.stop, self.full_stop = list(between), stop, full_stop
        self.longest = longest
        self.rows: list[_Row] = []

    def __call__(self, ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """Scores [B, V] with everything that may not follow ids [B, T] at minus infinity."""
        if not self.rows:  # nothing was written yet
            self.rows = [_Row(self.first, self.trees[self.first]) for _ in ids]
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
        may = [token for token in row.node if token != END]
        if END in row.node:
            leave = self.stop if row.part == self.second else self.between[0]
            if row.part == "text":
                return [leave] if row.last == self.full_stop else may + list(row.tree.root)
            if row.count < self.longest:
                may += list(row.tree.root)
            may.append(leave)
        return may

    def _step(self, row: "_Row", token: int) -> None:
        row.last = token
        if row.part == "between":
            row.at += 1
            if row.at == len(self.between):
                row.begin(self.second, self.trees[self.second])
        elif row.part == "done":
            return
        elif row.part == self.second and token == self.stop:
            row.part = "done"
        elif row.node is None:
            return
        elif token in row.node:
            row.node = row.node[token]
        elif token in row.tree.root:
            row.node, row.count = row.tree.root[token], row.count + 1
        else:
            row.part, row.at = "between", 1
            if len(self.between) == 1:
                row.begin(self.second, self.trees[self.second])


class _Row:
    """Where one sequence is."""

    def __init__(self, part: str, tree: WordTree) -> None:
        self.at, self.last = 0, END
        self.begin(part, tree)

    def begin(self, part: str, tree: WordTree | None) -> None:
        """Glosses or text."""
        self.part, self.tree, self.count = part, tree, 1
        self.node = tree.root if tree is not None else None
