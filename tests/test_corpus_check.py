"""`slt-book check`: finds what is wrong, says where, and leaves whole data in peace."""

import json
import pickle
import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from own_toys import Folder, sentences, write_clean

from slt_lib.cli import app
from slt_lib.corpus.check import check_data
from slt_lib.corpus.own.finding import KINDS
from slt_lib.experiments.own_formats import FORMATS
from slt_lib.pose.io import read_pose, write_pose


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    return write_clean(tmp_path_factory.mktemp("own") / "clean")


def check(path, **how):
    return check_data(path, progress=False, **how)


def faults(report):
    return [one for one in report.findings if one.severity != "note"]


def row(n: int) -> str:
    return f"row {n + 2}"  # after the header, counted from 1


# Each puts one defect into row n (or a lexicon row) and returns (kind, file, place).


def empty_text(f, n):
    f.rows[n]["text"] = " "
    return "empty_text", "annotations.csv", row(n)


def empty_gloss(f, n):
    f.rows[n]["glosses"] = ""
    return "empty_gloss", "annotations.csv", row(n)


def duplicate_name(f, n):
    f.rows.append({**f.rows[n], "text": "etwas ganz anderes ."})
    return "duplicate_name", "annotations.csv", row(len(f.rows) - 1)


def row_without_file(f, n):
    f.file(n).unlink()
    return "row_without_file", "annotations.csv", row(n)


def file_without_row(f, n):
    write_pose(read_pose(f.file(n))[2:], f.path / "poses" / "extra.pose")
    return "file_without_row", "extra.pose", ""


def truncated(f, n):
    f.bytes(f.file(n), f.file(n).read_bytes()[:-1000])
    return "unreadable", f.file(n).name, ""


def not_numbers(f, n):
    pose = read_pose(f.file(n))
    f.change(n, lambda pose: pose)
    data = bytearray(f.file(n).read_bytes())
    size = 4 * len(pose) * 178  # confidences come last, after the positions
    data[-4 * size : -4 * size + 4] = np.float32(np.nan).tobytes()
    f.bytes(f.file(n), bytes(data))
    return "not_numbers", f.file(n).name, ""


def no_frames(f, n):
    f.change(n, lambda pose: pose[:0])
    return "no_frames", f.file(n).name, ""


def one_frame(f, n):
    f.change(n, lambda pose: pose[10:11])
    return "one_frame", f.file(n).name, ""


def never_seen(f, n):
    f.change(n, lambda pose: pose.hide(np.arange(8, 50)))
    return "never_seen", f.file(n).name, ""


def upside_down(f, n):
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([1, -1, 1])))
    return "upside_down", f.file(n).name, ""


def swapped_hands(f, n):
    order = np.r_[0:8, 29:50, 8:29, 50:178]
    f.change(n, lambda p: p.replace(positions=p.positions[:, order],
                                    confidence=p.confidence[:, order]))  # fmt: skip
    return "swapped", f.file(n).name, ""


def mirrored(f, n):
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([-1, 1, 1])))
    return "swapped", f.file(n).name, ""


def other_unit(f, n):
    f.change(n, lambda p: p.replace(positions=p.positions * 200 + 300))
    return "unit", f.file(n).name, ""


def joint_order(f, n):
    order = np.r_[0, 2, 1, 3, 5, 4, 6:178]  # elbows and wrists exchanged
    f.change(n, lambda p: p.replace(positions=p.positions * np.float32([1, 4, 1]),
                                    confidence=p.confidence[:, order]))  # fmt: skip
    return "proportions", f.file(n).name, ""


def outlier_length(f, n):
    f.rows[n]["text"] = "sehr langer satz " * 40
    return "outlier_length", f.file(n).name, ""


def same_recording(f, n):
    f.bytes(f.file(n), f.file(n + 1).read_bytes())
    return "same_recording", f.file(n + 1).name, ""


def leak(f, n):
    f.rows[n]["text"] = f.rows[0]["text"]
    return "leak", "annotations.csv", row(n)


def near_leak(f, n):
    f.rows[n]["text"] = f.rows[1]["text"].replace(" .", "!").title()
    return "near_leak", "annotations.csv", row(n)


def mark_up(f, n):
    f.rows[n]["text"] = "es <b>regnet</b> im norden heute noch ."
    return "mark_up", "annotations.csv", row(n)


def upper_case(f, n):
    f.rows[n]["text"] = "MORGEN REGEN NORD"
    return "upper_case", "annotations.csv", row(n)


def span_outside(f, n):
    f.rows[n] |= {"start": "1000", "end": "900000"}
    return "span", "annotations.csv", row(n)


def end_before_start(f, n):
    f.rows[n] |= {"start": "900", "end": "300"}
    return "span", "annotations.csv", row(n)


def split_name(f, n):
    f.rows[n]["split"] = "trian"
    return "split_name", "annotations.csv", row(n)


def other_rate(f, n):
    f.change(n, lambda pose: replace(pose, fps=30.0))
    return "mixed_fps", f.file(n).name, ""


def no_rate(f, n):
    data = f.file(n).read_bytes()
    at = data.rindex(np.float32(25).tobytes(), 0, len(data) - 16 * 178 * len(read_pose(f.file(n))))
    f.bytes(f.file(n), data[:at] + np.float32(0).tobytes() + data[at + 4 :])
    return "frame_rate", f.file(n).name, ""


def lexicon_file(f, n):
    (f.path / "lexicon" / f.index[n]["path"]).unlink()
    return "lexicon_file", f.index[n]["path"], row(n)


def lexicon_times(f, n):
    f.index[n] |= {"start": "900", "end": "300"}
    return "lexicon_row", "index.csv", row(n)


def language(f, n):
    f.index[n]["signed_language"] = "german"
    return "language", "index.csv", row(n)


def gloss_without_sign(f, n):
    f.rows[n]["glosses"] += " QUAXQUAX?"
    return "gloss_without_sign", "lexicon", "gloss 'QUAXQUAX?'"


def evil_pickle(f, n):
    f.bytes(f.path / "extra.pkl", pickle.dumps(print, protocol=2 + 2 * (n % 2)))
    return "unsafe", "extra.pkl", ""


def evil_torch(f, n):
    import torch

    torch.save({"a": f.__class__}, f.path / "evil.pt")
    return "unsafe", "evil.pt", ""


def encoding(f, n):
    f.encoding, f.rows[n]["text"] = "cp1252", "schnee über den höhen und dichte wolken ."
    return "encoding", "annotations.csv", ""


def delimiter(f, n):
    f.delimiter = ";"
    return "delimiter", "annotations.csv", "row 1"


PLANTS = [
    empty_text, empty_gloss, duplicate_name, row_without_file, file_without_row, truncated,
    not_numbers, no_frames, one_frame, never_seen, upside_down, swapped_hands, mirrored, other_unit,
    joint_order, outlier_length, same_recording, leak, near_leak, mark_up, upper_case, span_outside,
    end_before_start, split_name, other_rate, no_rate, lexicon_file, lexicon_times, language,
    gloss_without_sign, evil_pickle, evil_torch, encoding, delimiter,
]  # fmt: skip
HELD_OUT = (leak, near_leak)  # go into a row of dev or test


def found(report, kind, file, place) -> list:
    return [
        one
        for one in report.findings
        if one.kind == kind and str(one.file).endswith(file) and (not place or one.place == place)
    ]


def test_a_clean_folder_raises_no_alarm(clean):
    report = check(clean)
    assert not faults(report), report.as_text()
    assert {one.kind for one in report.findings} <= {"same_signer", "small"}
    assert report.counts["sentences"] == {"train": 32, "dev": 6, "test": 6}
    assert report.coverage.missing == {} and report.counts["fps"] == {"25": 44}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_one_defect_is_found_with_file_and_remedy(clean, tmp_path, plant):
    folder = Folder.copy(clean, tmp_path / "own")
    wanted = plant(folder, 40 if plant in HELD_OUT else 7)
    report = check(folder.save())
    hits = found(report, *wanted)
    assert len(hits) == 1, report.as_text()
    assert hits[0].what and len(hits[0].fix) > 10
    follows = {  # what can't but come with it
        lexicon_file: {"gloss_without_sign"}, lexicon_times: {"gloss_without_sign"},
        row_without_file: set(), split_name: {"file_without_row"},
        end_before_start: {"file_without_row"}, duplicate_name: {"same_recording"},
    }  # fmt: skip
    others = {one.kind for one in faults(report)} - {wanted[0]} - follows.get(plant, set())
    assert not others, report.as_text()


def test_all_defects_at_once_are_all_found(clean, tmp_path):
    folder = Folder.copy(clean, tmp_path / "own")
    wanted = {}
    for number, plant in enumerate(PLANTS):
        n = 38 + number % 6 if plant in HELD_OUT else 2 + number % 30
        wanted[plant.__name__] = plant(folder, n)
    report = check(folder.save())
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
    folder = Folder.copy(clean, tmp_path / "own")
    empty_text(folder, 3)
    bad = CliRunner().invoke(app, ["check", str(folder.save()), "--json"])
    told = json.loads(bad.stdout)
    assert bad.exit_code == 1
    (one,) = [f for f in told["findings"] if f["severity"] == "error"]
    assert (one["kind"], one["place"]) == ("empty_text", "row 5") and one["fix"]
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
