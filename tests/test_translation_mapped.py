"""Keypoints on disk: the same training data, kept, and refused where they aren't the corpus'."""

from itertools import pairwise

import numpy as np
import pytest
from corpus_toys import make_again, save_takes

from slt_lib.corpus.synthetic.matching import even_spans
from slt_lib.pose.errors import PoseFileError
from slt_lib.translation import mapped as module
from slt_lib.translation.checkpoint import fingerprint
from slt_lib.translation.data import Codec, TranslationData
from slt_lib.translation.mapped import mapped


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mapped")
    return make_again(folder / "corpus", save_takes(folder / "signs"), copies=3)


def test_mapped_data_are_those_in_memory(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "AT_ONCE", 5)  # several lots
    plain = TranslationData.from_corpus(corpus, max_frames=60, domain=1)
    for _ in range(2):  # made, then found
        kept = mapped(corpus, tmp_path / "keypoints", max_frames=60, domain=1)
        assert isinstance(kept.positions, np.memmap) and not kept.positions.flags.writeable
        assert fingerprint(kept) == fingerprint(plain)
        codec, rows = Codec.build(plain), [len(plain) - 1, 0, 3]
        one, two = kept.batch(rows, codec), plain.batch(rows, codec)
        assert one.positions.equal(two.positions) and one.seen.equal(two.seen)
        assert one.tokens.equal(two.tokens) and one.domain.equal(two.domain)


def test_other_keypoints_are_refused(corpus, tmp_path):
    mapped(corpus, tmp_path / "k")
    for other in (corpus.select(range(3)), None):
        with pytest.raises(PoseFileError, match="keypoints of another corpus"):
            mapped(other or corpus, tmp_path / "k", max_frames=5)
    (tmp_path / "k" / "seen.bin").write_bytes(b"short")
    with pytest.raises(PoseFileError, match="can't be read"):
        mapped(corpus, tmp_path / "k")


def test_even_spans_cover_every_frame(corpus):
    spans = even_spans(corpus)
    for glosses, frames, own in zip(corpus.glosses, corpus.frames, spans, strict=True):
        assert len(own) == len(glosses) and (own[0][0], own[-1][1]) == (0, frames)
        assert all(a[1] == b[0] for a, b in pairwise(own))
