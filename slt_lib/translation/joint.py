"""What does CTC think of a prefix? Scores for joint CTC/attention decoding.

The attention decoder may skip or repeat what was signed; a CTC head can't, since it has to
explain every step. Joint decoding adds both scores word by word (Hori, Watanabe et al. 2017;
for translation Yan et al. 2023, https://aclanthology.org/2023.eacl-main.119). The head must be
one of words: glosses don't say what the German sentence is.
"""

import torch
from torch import Tensor

from slt_lib.translation.vocabulary import EOS, PAD

IMPOSSIBLE = -1e4  # an unalignable prefix: all of them alike, so attention alone decides


class CtcPrefixes:
    """Prefix probabilities of the hypotheses of a batch.

    For a prefix g, `ends` holds log p(g, step t is the last word) and log p(g, step t is blank)
    for every step: the forward variables of Graves 2012, section 4.1.

    Args:
        logits: Of the word CTC head, [sentences, steps, words].
        mask: bool [sentences, steps], True where real.
        beams: Hypotheses per sentence.

    Chapter: 09_pose_to_text
    """

    def __init__(self, logits: Tensor, mask: Tensor, beams: int) -> None:
        log_probs = logits.float().log_softmax(-1)
        closed = torch.full_like(log_probs[0, 0], -torch.inf)
        closed[PAD] = 0.0  # beyond the end only blanks, for free
        self.log_probs = torch.where(mask.unsqueeze(-1), log_probs, closed)
        self.beams = beams
        blank = self.log_probs[..., PAD].cumsum(1)
        size, steps = blank.shape
        word = torch.full((size, beams, steps), -torch.inf, device=logits.device)
        self.ends = torch.stack([word, blank.unsqueeze(1).expand(size, beams, steps)], -1)
        self.first = True  # no word yet
        self._candidates: tuple[Tensor, Tensor] | None = None

    def scores(self, ids: Tensor, last: Tensor) -> Tensor:
        """log p(every continuation of a prefix by a candidate), [sentences, beams, candidates].

        The score of `EOS` is that of the prefix being the whole sentence.

        Args:
            ids: Candidate words, int [sentences, beams, candidates].
            last: Each prefix' last word, int [sentences, beams].
        """
        beams = ids.shape[1]
        steps = self.log_probs.shape[1]
        per_step = self.log_probs.unsqueeze(1).expand(-1, beams, -1, -1)
        word = per_step.gather(3, ids.unsqueeze(2).expand(-1, -1, steps, -1))
        either = torch.logaddexp(self.ends[..., 0], self.ends[..., 1])
        same = ids == last.unsqueeze(-1)
        before = torch.where(
            same.unsqueeze(2), self.ends[..., 1].unsqueeze(-1), either.unsqueeze(-1)
        )  # [sentences, beams, steps, candidates]: a repeated word needs a blank between
        begin = 0.0 if self.first else -torch.inf
        start = torch.full_like(before[:, :, :1], begin)
        entered = torch.cat([start, before[:, :, :-1]], 2) + word
        self._candidates = ids, entered
        scores = entered.logsumexp(2)
        whole = either[..., -1].unsqueeze(-1)
        return torch.where(ids == EOS, whole, scores).clamp(min=IMPOSSIBLE)

    def advance(self, rows: Tensor, chosen: Tensor) -> None:
        """Go on with some of the continuations that `scores` looked at.

        Args:
            rows: Which old hypothesis each new one continues, int [sentences * beams].
            chosen: With which word, int [sentences, beams].
        """
        ids, entered = self._candidates
        size, beams, _ = ids.shape
        here = ids.flatten(0, 1)[rows] == chosen.view(-1, 1)
        which = here.float().argmax(1)
        entered = entered.flatten(0, 1)[rows, :, which].view(size, beams, -1)
        steps = torch.arange(self.log_probs.shape[1], device=ids.device)
        word = self.log_probs.unsqueeze(1).expand(-1, beams, -1, -1)
        word = word.gather(3, chosen.view(size, beams, 1, 1).expand(-1, -1, len(steps), 1))[..., 0]
        blank = self.log_probs[..., PAD].unsqueeze(1)
        in_word, in_blank = entered[..., 0], torch.full_like(entered[..., 0], -torch.inf)
        out = [torch.stack([in_word, in_blank], -1)]
        for t in range(1, len(steps)):
            in_blank = torch.logaddexp(in_word, in_blank) + blank[..., t]
            in_word = torch.logaddexp(in_word + word[..., t], entered[..., t])
            out.append(torch.stack([in_word, in_blank], -1))
        self.ends, self.first = torch.stack(out, 2), False

    def keep(self, sentences: Tensor) -> None:
        """Go on with some sentences, int [sentences]."""
        self.log_probs, self.ends = self.log_probs[sentences], self.ends[sentences]
