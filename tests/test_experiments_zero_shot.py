"""The stitcher's own yardstick: trained on stitched sentences alone, tested on real ones."""

import numpy as np
import pytest

from slt_lib.experiments.zero_shot import ARMS, LADDER, lengths_against, run_zero_shot
from slt_lib.pose.errors import SLTError
from slt_lib.translation.metrics import bleu4, dealt_bleu4


def test_translations_dealt_to_other_sentences_are_a_floor():
    right = [f"{'sehr ' * (i // 10)}kalt im {i} tal und warm am {i} see" for i in range(40)]
    assert bleu4(right, right) == pytest.approx(100)
    assert dealt_bleu4(right, right) < 90
    same = ["morgen regnet es im ganzen land"] * 40
    assert dealt_bleu4(same, same) == pytest.approx(100)  # who always says this needs no eyes
    assert dealt_bleu4(["a b c d"], ["a b c d"]) == pytest.approx(100)  # nobody to deal with


def test_a_rung_is_trained_and_tested(tmp_path):
    found = run_zero_shot("ways", 0, size="smoke", work=str(tmp_path))
    assert len(found["hypotheses"]) == len(found["references"]) == 8
    assert 0 <= found["floor"] <= 100 and found["bleu4"] >= 0 and found["corpus_hash"]
    assert set(found["frames"]) == {"of_means", "mean"} and 0.3 < found["frames"]["mean"] < 3
    real = run_zero_shot("real", 0, size="smoke", work=str(tmp_path))
    assert real["frames"] == {"of_means": 1.0, "mean": 1.0}
    assert set(LADDER) - {"first"} < set(ARMS)


def test_an_unknown_rung_is_refused(tmp_path):
    with pytest.raises(SLTError, match="no rung"):
        run_zero_shot("best", 0, size="smoke", work=str(tmp_path))
    with pytest.raises(SLTError, match="gone"):
        run_zero_shot("first", 0, size="smoke", work=str(tmp_path))


def test_lengths_are_compared_sentence_by_sentence():
    class Some:
        def __init__(self, texts, lengths):
            self.texts, self.lengths = texts, np.array(lengths)

    found = lengths_against(Some(["b", "a"], [50, 10]), Some(["a", "b", "c"], [20, 50, 9]))
    assert found == {"of_means": pytest.approx(60 / 70), "mean": pytest.approx(0.75)}
