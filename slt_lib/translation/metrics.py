"""How good is a translation? BLEU and chrF by sacrebleu, ROUGE-L, length; gloss errors by jiwer."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from slt_lib.pose.errors import SLTError
from slt_lib.translation.significance import bleu_of


def scores(hypotheses: Sequence[str], references: Sequence[str]) -> dict:
    """The field's measures of a test set, in percent.

    Args:
        hypotheses: Translations; may be empty strings.
        references: As many.

    Returns:
        bleu1 to bleu4, chrf, rouge_l, length_ratio (words per reference word), signature and
        sentences.

    Raises:
        SLTError: If there are none, or not as many of one as of the other.

    Chapter: 09_pose_to_text
    """
    from sacrebleu.metrics import BLEU, CHRF

    if not references or len(hypotheses) != len(references):
        raise SLTError(f"{len(hypotheses)} translations of {len(references)} sentences.")
    found = {}
    for order in range(1, 5):
        metric = BLEU(max_ngram_order=order, force=True)
        found[f"bleu{order}"] = metric.corpus_score(list(hypotheses), [list(references)]).score
    found["chrf"] = CHRF().corpus_score(list(hypotheses), [list(references)]).score
    found["rouge_l"] = rouge_l(hypotheses, references)
    words = sum(len(r.split()) for r in references)
    found["length_ratio"] = sum(len(h.split()) for h in hypotheses) / max(1, words)
    found["signature"] = str(metric.get_signature())
    found["sentences"] = len(references)
    return found


def bleu4(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """BLEU-4 of a test set, in percent."""
    from sacrebleu.metrics import BLEU

    return BLEU(force=True).corpus_score(list(hypotheses), [list(references)]).score


def dealt_bleu4(hypotheses: Sequence[str], references: Sequence[str]) -> float:
    """BLEU-4 of the same translations, each dealt to the sentence next to its own in length.

    The floor: what sounding like the corpus is worth, without having looked.

    Chapter: 09_pose_to_text
    """
    order = sorted(range(len(references)), key=lambda i: (len(references[i].split()), i))
    given = {right: order[place - 1] for place, right in enumerate(order)}
    return bleu4([hypotheses[given[i]] for i in range(len(references))], references)


def constant_bleu4(texts: Sequence[str], references: Sequence[str]) -> tuple[str, float]:
    """The one sentence that scores best as the translation of everything, and its BLEU-4.

    Args:
        texts: To choose from, such as all training texts. The choice is made on the references
            themselves, so no system that says one of them always can score more.
        references: Of the test set.

    Chapter: 09_pose_to_text
    """
    from sacrebleu.metrics import BLEU

    words_of = BLEU().tokenizer
    meant = [words_of(text).split() for text in references]
    # how many references have an n-gram a first, second, ... time: what saying it so often matches
    times = Counter(
        (gram, k) for words in meant for gram, count in _grams(words).items() for k in range(count)
    )
    candidates, rows = list(dict.fromkeys(texts)), []
    for text in candidates:
        words = words_of(text).split()
        matches = [0] * 4
        for gram, count in _grams(words).items():
            matches[len(gram) - 1] += sum(times[gram, k] for k in range(count))
        possible = [len(meant) * max(0, len(words) - n) for n in range(4)]
        rows.append([len(meant) * len(words), sum(map(len, meant)), *matches, *possible])
    best = candidates[int(np.argmax(bleu_of(np.array(rows))))]
    return best, bleu4([best] * len(references), references)


def _grams(words: Sequence[str]) -> Counter:
    """How often each sequence of one to four words comes up."""
    return Counter(tuple(words[i : i + n]) for n in range(1, 5) for i in range(len(words) - n + 1))


def rouge_l(hypotheses: Sequence[str], references: Sequence[str], beta: float = 1.2) -> float:
    """Mean F-measure of the longest common subsequence of words, in percent (Lin 2004).

    Args:
        hypotheses, references: As many of each.
        beta: Weight of recall; 1.2 is what the field's evaluation code uses.

    Chapter: 09_pose_to_text
    """
    total = 0.0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        said, meant = hypothesis.split(), reference.split()
        common = _common(said, meant)
        if common:
            precision, recall = common / len(said), common / len(meant)
            total += (1 + beta**2) * precision * recall / (recall + beta**2 * precision)
    return 100 * total / max(1, len(references))


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(b) + 1)
    for word in a:
        above = 0
        for j, other in enumerate(b, 1):
            above, row[j] = row[j], above + 1 if word == other else max(row[j], row[j - 1])
    return row[-1]


def gloss_wer(found: Sequence[Sequence[str]], annotated: Sequence[Sequence[str]]) -> float:
    """Word error rate of glosses, in percent; sentences without glosses are left out.

    Args:
        found: Recognised glosses of every sentence.
        annotated: What was written down.

    Raises:
        SLTError: If no sentence has glosses.

    Chapter: 09_pose_to_text
    """
    import jiwer

    pairs = [(" ".join(f), " ".join(a)) for f, a in zip(found, annotated, strict=True) if a]
    if not pairs:
        raise SLTError("No sentence has glosses to compare with.")
    said, meant = zip(*pairs, strict=True)
    return 100 * jiwer.wer(list(meant), list(said))
