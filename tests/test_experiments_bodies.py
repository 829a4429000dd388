"""What chapter 5 records and measures: outcomes with reasons, gaps filled and compared."""

import numpy as np
import pytest
from test_body_fit import recorded, signing

from slt_lib.body import FitSettings, load_body
from slt_lib.dictionary.sign import to_sign_pose
from slt_lib.experiments import bodies
from slt_lib.experiments.bodies import fit_all, run_bodies, summary
from slt_lib.experiments.gaps import gap_errors, straight
from slt_lib.pose.canonical import canonicalise
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io import bundled_lexicon, read_lexicon

QUICK = FitSettings(steps=30)


@pytest.fixture(scope="module")
def body():
    return load_body()


def test_what_is_not_worth_it_is_refused_with_its_reason_also_in_three_dimensions(body):
    good = recorded(body, signing(6))
    blind = good.hide(good.skeleton.ids("LEFT_SHOULDER"))
    handless = good.hide(np.arange(8, 50))
    for settings in (QUICK, FitSettings(steps=30, deep=True)):
        named = [("good", good), ("blind", blind), ("handless", handless), ("empty", good[:0])]
        outcomes, errors = fit_all(body, named, settings)
        assert [one.name for one in outcomes] == ["good", "blind", "handless", "empty"]
        assert all(one.outcome == "refused" and one.why for one in outcomes[1:])
        assert set(errors) == {"body_px", "hand_deg"}
        assert all(np.isfinite(v).all() for v in errors.values())


def test_one_crash_counts_for_one_recording(body, monkeypatch):
    def fragile(body, poses, settings):
        if any(len(pose) == 5 for pose in poses):
            raise RuntimeError("singular")
        return real(body, poses, settings)

    real = bodies.fit_bodies
    monkeypatch.setattr(bodies, "fit_bodies", fragile)
    named = [(str(n), recorded(body, signing(n))) for n in (4, 5, 6)]
    outcomes, _ = fit_all(load_body(), named, QUICK)
    assert [one.outcome == "crashed" for one in outcomes] == [False, True, False]
    assert outcomes[1].why == ("singular",)


def test_a_run_counts_what_became_of_every_recording():
    got = run_bodies("recordings", 0, most=3, processes=1, steps=30)
    assert sum(got["fit"][k] for k in ("fitted", "refused", "crashed")) == 3
    assert len(got["recordings"]) == 3 and got["regressor_max_error_mm"] < 5
    told = summary({"recordings": {0: got}})
    assert told["fit"] == got["fit"] and told["skeletons"] is None
    with pytest.raises(SLTError, match="skeletons fits 3-D"):
        run_bodies("skeletons", 0)
    with pytest.raises(SLTError, match="no arm"):
        run_bodies("people", 0)


@pytest.fixture(scope="module")
def letters():
    entries = read_lexicon(bundled_lexicon())
    poses = (entry.read() for entry in entries if entry.signed_language == "gsg")
    return [canonicalise(to_sign_pose(pose)) for pose, _ in zip(poses, range(6), strict=False)]


def test_the_true_frames_have_no_error_and_wrong_ones_do(letters):
    def cheat(pairs, frames):
        return [truth[len(a) : len(a) + n, :50] for (a, _), n, truth in
                zip(pairs, frames, truths, strict=True)]  # fmt: skip

    truths = [pose.positions for pose in letters]
    found = gap_errors(letters, 4, {"true": cheat, "linear": straight("linear")})
    assert found["true"]["off"].max() < 1e-6 and found["true"]["bones"].max() < 1e-3
    assert found["linear"]["off"].min() > 1e-4
    assert len(found["linear"]["turned"]) == len(letters)


def test_what_an_end_did_not_see_is_not_compared(letters):
    pose = letters[0]
    plain = gap_errors([pose], 4, {"linear": straight("linear")})["linear"]
    left = pose.group("left_hand")
    confidence, positions = pose.confidence.copy(), pose.positions.copy()
    confidence[:, left] = 0
    middle = len(pose) // 2
    confidence[middle - 2 : middle + 2, left] = 1  # a hand that flares up for some frames
    positions[middle - 2 : middle + 2, left] = 9
    flaring = pose.replace(confidence=confidence, positions=positions)
    hidden = pose.replace(confidence=np.where(np.isin(np.arange(178), left), 0, pose.confidence))
    found, wanted = (gap_errors([p], 4, {"linear": straight("linear")})["linear"]
                     for p in (flaring, hidden))  # fmt: skip
    np.testing.assert_allclose(found["off"], wanted["off"], atol=1e-6)
    assert np.isfinite(plain["off"]).all()
    with pytest.raises(SLTError, match="No recording shows a hand"):
        gap_errors([pose[:5]], 4, {"linear": straight("linear")})
