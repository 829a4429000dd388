"""Dictionaries built from every kind of source, and what is said of bad recordings."""

import numpy as np
import pytest

from slt_lib.dictionary import (
    Dictionary,
    assess,
    from_alignments,
    from_folder,
    from_lexicon,
    from_pose_folder,
    from_videos,
    gloss_spans,
)
from slt_lib.dictionary.alignment import match, sign_runs
from slt_lib.pose.errors import MissingPartError, PoseFileError, SLTError
from slt_lib.pose.io import (
    Utterance,
    bundled_lexicon,
    read_annotations,
    read_lexicon,
    read_skels,
    write_npz,
)
from slt_lib.pose.normalise import shoulder_frame
from slt_lib.pose.sequence import PoseSequence
from slt_lib.pose.skeleton import PROGRESSIVE_50, SLRTP_178


def signing(frames=20, seed=0, fps=25.0, width=100.0):
    """Somebody made up, in pixels: steady shoulders, hands that drift."""
    positions = np.cumsum(np.random.default_rng(seed).normal(0, 0.1, (frames, 178, 3)), axis=0)
    positions[:, SLRTP_178.index["LEFT_SHOULDER"], 0] += width
    return PoseSequence(positions, np.ones((frames, 178)), fps)


def test_the_default_is_thirty_german_letters():
    letters = from_lexicon()
    assert len(letters) == 30
    assert letters.rejected == []
    assert {s.signed_language for s in letters} == {"gsg"}
    for sign in letters:
        assert sign.fps == sign.pose.fps == 30
        assert len(sign.pose) == sign.frames
        assert sign.pose.skeleton is SLRTP_178
        assert not sign.pose.mask[:, SLRTP_178.groups["left_hand"]].any()
        shoulders = sign.pose.positions[:, SLRTP_178.ids("RIGHT_SHOULDER", "LEFT_SHOULDER")]
        assert np.abs(shoulders.mean(1)[:, :2]).max() < 1e-5
        assert sign.quality.why or sign.quality.verdict == "good"


def test_all_twenty_languages_are_there():
    signs = from_lexicon(signed_language="")
    assert len(signs) + len(signs.rejected) == 626
    assert len({s.signed_language for s in signs}) == 20
    with pytest.raises(SLTError, match="gsg"):
        from_lexicon(signed_language="xyz")


def test_a_users_lexicon(shared_data):
    signs = from_lexicon(shared_data / "lexicon_sgg", "sgg")
    assert signs.glosses == ("Essen", "Kinder", "Kleine", "Pizza")
    assert signs.lookup("PIZZA").step == "normalised"


def test_a_folder_of_poses_named_by_gloss(tmp_path):
    write_npz(signing(seed=1), tmp_path / "REGEN.npz")
    write_npz(signing(seed=2), tmp_path / "REGEN_2.npz")
    (tmp_path / "SONNE").mkdir()
    write_npz(signing(seed=3, fps=60), tmp_path / "SONNE" / "take.npz")
    (tmp_path / "WOLKE.npz").write_bytes(b"no pose")
    write_npz(signing().hide(range(8)), tmp_path / "NEBEL.npz")
    (tmp_path / "notes.txt").write_text("ignored")
    signs = from_pose_folder(tmp_path)
    assert from_folder(tmp_path).glosses == signs.glosses
    assert len(from_folder(bundled_lexicon())) == 626
    assert signs.glosses == ("REGEN", "SONNE")
    assert sorted(s.variant for s in signs.signs("REGEN")) == [0, 1]
    assert signs.signs("SONNE")[0].pose.fps == 60
    why = {row["gloss"]: row["why"] for row in signs.report() if row["verdict"] == "rejected"}
    assert "WOLKE.npz" in why["WOLKE"]
    assert "shoulders" in why["NEBEL"]
    with pytest.raises(PoseFileError, match="by their gloss"):
        from_pose_folder(tmp_path / "empty")
    with pytest.raises(PoseFileError, match="mp4"):
        from_videos(tmp_path)


def test_a_folder_of_videos(shared_data, tmp_path):
    (tmp_path / "HALLO.mp4").symlink_to(shared_data / "video" / "signing_540x720.mp4")
    try:
        signs = from_videos(tmp_path)
    except MissingPartError as missing:
        pytest.skip(str(missing))
    assert signs.signs("HALLO")[0].frames == 58


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p[:2], "0.08 s"),
        (lambda p: p.hide(np.arange(8, 50), slice(4, None)), "20% of its joints"),
        (lambda p: p.replace(meta={"width": 2000}), "far away"),
        (lambda p: p.replace(meta={"width": 150}), "too close"),
        (lambda p: p.replace(confidence=p.confidence * 0.9), "confidence 0.90"),
        (lambda p: p.replace(positions=p.positions + 9 * noise(p, 1, (178, 3))), "jitter"),
        (lambda p: p.replace(positions=p.positions * noise(p, 0.4, (1, 1))), "varies"),
    ],
)
def test_what_is_poor_is_said(spoil, said):
    pose = signing()
    assert assess(pose).verdict == "good" or "Bone" in " ".join(assess(pose).why)
    quality = assess(spoil(pose))
    assert quality.verdict == "poor"
    assert said in " ".join(quality.why)


def noise(pose, amount, shape):
    return 1 + np.random.default_rng(0).normal(0, amount, (len(pose), *shape))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: p[:0], "no frame"),
        (lambda p: p.hide([0]), "shoulders"),
        (lambda p: p.hide(np.arange(8, 50)), "hand"),
        (lambda p: p.replace(positions=np.full_like(p.positions, np.nan)), "shoulders"),
    ],
)
def test_what_is_unusable_is_rejected_with_a_reason(spoil, said):
    quality = assess(spoil(signing()))
    assert quality.verdict == "rejected"
    assert said in quality.why[0]


def test_one_hand_is_enough():
    quality = assess(signing().hide(SLRTP_178.groups["left_hand"]))
    assert quality.seen_left == 0
    assert "joints" not in " ".join(quality.why)


SILENT = 3 * 1058 + 1


def states(*signs):
    """Two frames in each of the three states of every sign."""
    return np.array([3 * sign + 1 + k // 2 for sign in signs for k in range(6)])


def corpus():
    """Ids 1, 2, 3 are A, B, C; 9 is A's other variant; 7 is noise that no gloss names."""
    orders = ["AB", "BA", "CA", "BC", "CB", "AC"] * 4
    number = {"A": 1, "B": 2, "C": 3}
    return [
        Utterance(f"s{i}", tuple(order), alignment=states(*(number[g] for g in order)))
        for i, order in enumerate(orders)
    ]


def test_names_are_learnt_and_noise_and_variants_are_dealt_with():
    noisy = Utterance("x", ("A", "B"), alignment=np.append(states(1, 7), [*states(2), SILENT]))
    split = Utterance("y", ("B", "C", "C"), alignment=states(2, 3))
    other = [Utterance(f"v{i}", ("B", "A"), alignment=states(2, 9)) for i in range(4)]
    bare = Utterance("z", ("A",), alignment=None)
    spans = gloss_spans([*corpus(), noisy, split, *other, bare])
    assert [(s.gloss, s.start, s.end) for s in spans["x"]] == [("A", 0, 6), ("B", 12, 18)]
    assert [(s.gloss, s.start, s.end) for s in spans["y"]] == [
        ("B", 0, 6), ("C", 6, 9), ("C", 9, 12)]  # fmt: skip
    assert [s.gloss for s in spans["v0"]] == ["B", "A"]
    assert "z" not in spans


def test_pairs_keep_the_order():
    names = {1: {"A": -0.1}, 2: {"B": -0.1}}
    runs = sign_runs(states(1, 2, 1))
    assert match(runs, ("A", "B", "A"), names) == [(0, 0), (1, 1), (2, 2)]
    assert match(runs, ("B",), names) == [(1, 0)]
    assert match([], ("A",), names) == []
    assert sign_runs(np.zeros(4)) == sign_runs(np.array([])) == []


def test_signs_are_cut_out_of_real_sentences(shared_data):
    files = [shared_data / "phoenix14t" / f"phoenix14t.{s}.gz" for s in ("train", "dev")]
    annotation = [u for file in files for u in read_annotations(file)]
    stems = [shared_data / "phoenix14t" / "skels" / s for s in ("train", "dev")]
    poses = {u.name: u.pose for stem in stems for u in read_skels(stem)}
    spans = gloss_spans(annotation)
    matched = sum(map(len, spans.values()))
    assert matched > 0.99 * sum(len(u.gloss) for u in annotation if u.name in spans)
    assert 10 < np.median([s.end - s.start for found in spans.values() for s in found]) < 16
    signs = from_alignments(annotation, poses)
    by_name = {u.name: u for u in annotation}
    assert len(signs) == sum(len(spans[name]) for name in poses if name in spans)
    for sign in signs:
        assert sign.gloss in by_name[sign.sentence].gloss
        assert len(sign.pose) == sign.frames
        assert sign.pose.fps == 25
    several = max(signs.glosses, key=lambda g: len(signs.signs(g)))
    held_out = signs.signs(several)[0].sentence
    rest = signs.excluding([held_out])
    assert held_out not in {s.sentence for s in rest}
    assert len(rest) == len(signs) - len(spans[held_out])
    assert rest.lookup(several).signs[0].sentence != held_out


def test_alignments_that_do_not_fit_are_refused():
    items = corpus()
    with pytest.raises(SLTError, match="names must agree"):
        from_alignments(items, {"elsewhere": signing(12)})
    short = PoseSequence(np.zeros((5, 50, 3)), np.ones((5, 50)), 25, PROGRESSIVE_50)
    with pytest.raises(SLTError, match="5 frames of pose and 12 of alignment"):
        from_alignments(items, {"s0": short})
    assert len(from_alignments(items, {"s0": signing(12)})) == 2


def test_two_dictionaries_join():
    letters = from_lexicon()
    own = from_alignments(corpus(), {"s0": signing(12)})
    both = Dictionary([*own, *letters])
    assert len(both) == 32
    assert both.lookup("ABÖ").step == "fingerspelling"


def test_one_trembling_hand_beside_a_still_one_is_found():
    """Real two-handed recordings, the right hand shaken by 2.5 times the limit."""
    rng, found, looked_at = np.random.default_rng(0), 0, 0
    for entry in read_lexicon(bundled_lexicon()):
        pose = entry.read()
        hands = [pose.group(side) for side in ("right_hand", "left_hand")]
        if min(pose.mask[:, hand].mean() for hand in hands) < 0.5 or looked_at == 60:
            continue
        looked_at += 1
        shaken = pose.positions.copy()
        _, width = shoulder_frame(pose)
        shaken[:, hands[0]] += rng.normal(0, 0.05 * width, shaken[:, hands[0]].shape)
        found += any("jitter" in why for why in assess(pose.replace(positions=shaken)).why)
    print(f"shaking found in {found} of {looked_at}")
    assert looked_at == 60 and found >= 57
