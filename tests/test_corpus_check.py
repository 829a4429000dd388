"""`slt-book check`: finds what is wrong, says where, and leaves whole data in peace."""

import json
import pickle
import shutil

import pytest
from click.testing import CliRunner
from own_toys import sentences, write_clean

from slt_lib.cli import app
from slt_lib.corpus.check import check_data
from slt_lib.corpus.own.finding import KINDS
from slt_lib.experiments.own_damage import matching
from slt_lib.experiments.own_defects import DEFECTS, spoil
from slt_lib.experiments.own_formats import FORMATS


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    return write_clean(tmp_path_factory.mktemp("own") / "clean")


def check(path, **how):
    return check_data(path, progress=False, **how)


def faults(report):
    return [one for one in report.findings if one.severity != "note"]


def found(report, *wanted) -> list:
    return matching(report.findings, wanted)


def test_a_clean_folder_raises_no_alarm(clean):
    report = check(clean)
    assert not faults(report), report.as_text()
    assert {one.kind for one in report.findings} <= {"same_signer", "small"}
    assert report.counts["sentences"] == {"train": 32, "dev": 6, "test": 6}
    assert report.coverage.missing == {} and report.counts["fps"] == {"25": 44}


FOLLOWS = {  # what can't but come with a defect
    "lexicon file": {"gloss_without_sign"},
    "lexicon times": {"gloss_without_sign"},
    "split name": {"file_without_row"},
    "end before start": {"file_without_row"},
    "duplicate name": {"same_recording"},
}


@pytest.mark.parametrize("name", DEFECTS)
def test_one_defect_is_found_with_file_and_remedy(clean, tmp_path, name):
    wanted = spoil(clean, tmp_path / "own", [name])[name]
    report = check(tmp_path / "own")
    hits = found(report, *wanted)
    assert len(hits) == 1, report.as_text()
    assert hits[0].what and len(hits[0].fix) > 10
    others = {one.kind for one in faults(report)} - {wanted[0]} - FOLLOWS.get(name, set())
    assert not others, report.as_text()


def test_all_defects_at_once_are_all_found(clean, tmp_path):
    wanted = spoil(clean, tmp_path / "own")
    report = check(tmp_path / "own")
    missed = [name for name, one in wanted.items() if not found(report, *one)]
    assert not missed, report.as_text()
    assert len(wanted) >= 20 and all(one.fix for one in report.findings)


@pytest.mark.parametrize("name", FORMATS)
def test_no_false_alarm_in_any_format(tmp_path, name):
    FORMATS[name](sentences(), tmp_path / "data")
    report = check(tmp_path / "data")
    assert not faults(report), report.as_text()
    assert sum(report.counts["sentences"].values()) == 44
    assert report.counts["recordings"] == 44 and report.counts["glosses"] > 20


def test_the_bundled_lexicon_raises_no_alarm_of_rows(clean):
    from slt_lib.pose.io import bundled_lexicon

    report = check(clean, lexicon_folder=bundled_lexicon())
    kinds = {one.kind for one in faults(report)}
    assert kinds <= {"gloss_without_sign"}, report.as_text()


def test_damage_in_many_sentence_files_is_named_by_item(tmp_path):
    FORMATS[".skels, .gloss, .text, .files"](sentences(), tmp_path)
    lines = (tmp_path / "train.skels").read_text().splitlines(keepends=True)
    lines[4] = lines[4][:-200] + "\n"
    (tmp_path / "train.skels").write_text("".join(lines))
    (tmp_path / "dev.text").write_text("nur einer\n")
    report = check(tmp_path)
    assert found(report, "unreadable", "train.skels", "line 5")
    assert found(report, "fields", "dev.text", "")
    assert report.counts["recordings"] == 43


def test_slrtp_items_are_looked_at_one_by_one(tmp_path):
    import torch

    FORMATS["SLRTP train.pt, dev.pt, test.pt"](sentences(), tmp_path)
    items = torch.load(tmp_path / "train.pt", weights_only=True)
    names = list(items)
    items[names[2]]["poses_3d"] = items[names[2]]["poses_3d"][:, :100]
    del items[names[3]]["text"]
    items[names[4]]["poses_3d"][3, 10] = float("inf")
    torch.save(items, tmp_path / "train.pt")
    (tmp_path / "test.pt").unlink()
    report = check(tmp_path)
    assert found(report, "unreadable", "train.pt", f"item {names[2]!r}")
    assert found(report, "unreadable", "train.pt", f"item {names[3]!r}")
    assert found(report, "not_numbers", "train.pt", f"item {names[4]!r}")
    assert found(report, "split_missing", "", "")


def test_annotation_that_disagrees_with_the_poses(tmp_path):
    import gzip

    FORMATS["annotation .gz and .skels"](sentences(), tmp_path)
    rows = pickle.loads(gzip.decompress((tmp_path / "own.train.gz").read_bytes()))
    rows[1]["num_frames"] += 3
    (tmp_path / "own.train.gz").write_bytes(gzip.compress(pickle.dumps(rows, protocol=2)))
    report = check(tmp_path)
    assert [one.kind for one in report.of("error")] == ["frame_count"]
    assert rows[1]["name"] in report.of("error")[0].place


def test_videos_are_decoded_to_their_end(tmp_path):
    FORMATS["videos, .pose and annotations.csv"](
        {s: i[:6] for s, i in sentences().items()}, tmp_path
    )
    films = sorted(tmp_path.glob("*.mp4"))
    films[0].write_bytes(films[0].read_bytes()[:2000])
    shutil.copy(films[2], films[1])
    alone = films[3].with_suffix(".pose")
    alone.unlink()
    report = check(tmp_path)
    assert found(report, "video", films[0].name, "")
    assert found(report, "frame_count", films[1].name, "")
    assert found(report, "estimate", "", "")
    assert found(report, "too_little", "", "")


def test_disk_space_is_asked_for(clean, monkeypatch):
    usage = shutil.disk_usage(clean)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    assert [one.kind for one in faults(check(clean))] == ["disk"]


def test_tables_of_other_columns_and_nothing_at_all(tmp_path):
    (tmp_path / "t.csv").write_text("datei,satz\na.pose,regen .\n")
    report = check(tmp_path)
    assert [one.kind for one in report.of("error")] == ["no_data", "columns"]
    with pytest.raises(ValueError, match="no such folder"):
        check(tmp_path / "nowhere")


def test_the_command_prints_lists_and_ends_with_its_status(clean, tmp_path):
    good = CliRunner().invoke(app, ["check", str(clean)])
    assert good.exit_code == 0 and "0 errors, 0 warnings" in good.stdout
    assert "minutes on one core" in good.stdout
    (_, _, place) = spoil(clean, tmp_path / "own", ["empty text"])["empty text"]
    bad = CliRunner().invoke(app, ["check", str(tmp_path / "own"), "--json"])
    told = json.loads(bad.stdout)
    assert bad.exit_code == 1
    (one,) = [f for f in told["findings"] if f["severity"] == "error"]
    assert (one["kind"], one["place"]) == ("empty_text", place) and one["fix"]
    assert told["expected"]["book"]["seconds"] > 0
    nowhere = CliRunner().invoke(app, ["check", str(tmp_path / "nowhere")])
    assert nowhere.exit_code == 1 and "no such folder" in nowhere.stderr


def test_real_data_gives_what_its_source_says(shared_data):
    skels = check(shared_data / "phoenix14t" / "skels")
    assert {one.kind for one in faults(skels)} == {"split_missing", "too_little"}
    whole = check(shared_data / "phoenix14t")
    kinds = {one.kind for one in whole.findings}
    assert kinds == {"row_without_file", "leak", "same_signer", "no_alignment", "no_rate"}
    leaks = [one for one in whole.findings if one.kind == "leak"]
    assert sum("dev sentence" in one.what for one in leaks) == 25 and len(leaks) == 57
    assert sum(one.kind == "no_alignment" for one in whole.findings) == 27
    assert whole.counts["sentences"] == {"train": 7096, "dev": 519, "test": 642}
    own = check(shared_data / "phoenix14t" / "skels", lexicon_folder=shared_data / "lexicon_sgg")
    extra = {one.kind for one in faults(own)} - {one.kind for one in faults(skels)}
    assert extra == {"gloss_without_sign"}


def test_every_kind_is_one_that_is_asked_for():
    import re
    from pathlib import Path

    import slt_lib.corpus as package

    files = [p for d in ("own", "check") for p in (Path(package.__file__).parent / d).glob("*.py")]
    text = "\n".join(p.read_text("utf8") for p in files if p.name != "finding.py")
    text += Path(package.__file__).with_name("own").joinpath("finding.py").read_text("utf8")
    unused = [kind for kind in KINDS if len(re.findall(rf'"{kind}"', text)) < 2]
    assert not unused
