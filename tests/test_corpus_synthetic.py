"""Synthetic corpora: however they are made the same, rebuilt from recipes, varied with measure."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from corpus_toys import (
    GLOSSES,
    LOSSES,
    PLAIN,
    SENTENCES,
    make_again,
    save_takes,
    take_of,
    until,
)

from slt_lib.corpus import Corpus, write_corpus
from slt_lib.corpus.synthetic import (
    Variation,
    corpus_durations,
    corpus_spectrum,
    generate_corpus,
    rebuild,
)
from slt_lib.corpus.synthetic import generation as factory
from slt_lib.dictionary import Dictionary, load_dictionary, save_dictionary
from slt_lib.dictionary.sign import number_variants, record
from slt_lib.pose.errors import PoseFileError, SLTError
from slt_lib.stitching.settings import StitchSettings


@pytest.fixture(scope="module")
def dictionary(tmp_path_factory) -> Path:
    return save_takes(tmp_path_factory.mktemp("signs") / "dictionary")


@pytest.fixture(scope="module")
def make(dictionary, tmp_path_factory) -> Callable[..., Corpus]:
    """Makes a corpus of its own in this process, or with what else is asked for."""

    def made(name: str = "", sentences=SENTENCES, **how) -> Corpus:
        folder = tmp_path_factory.mktemp("made") / (name or "corpus")
        how = {"variation": LOSSES, "processes": 1, "shard_items": 3, "copies": 2} | how
        return generate_corpus(folder, sentences, dictionary, **how)

    return made


@pytest.fixture(scope="module")
def corpus(make) -> Corpus:
    return make()


def plan(corpus: Corpus) -> dict:
    return json.loads((corpus.folder / "plan.json").read_text("utf8"))


def test_the_number_of_processes_and_the_size_of_shards_make_no_difference(corpus, make):
    assert make(processes=2).hash == corpus.hash
    assert make(shard_items=100).hash == corpus.hash
    assert make(seed=1).hash != corpus.hash
    assert len(set(corpus.names)) == len(corpus)
    pairs = [(corpus[i], corpus[i + 1]) for i in range(0, len(corpus), 2)]
    assert all(a.text == b.text and a.recipe != b.recipe for a, b in pairs)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"stitch": StitchSettings(missing="skip", durations=None, tempo=1.2)},
        {"stitch": PLAIN, "variation": Variation(reorder="full", mirror=1.0)},
        {"stitch": StitchSettings(missing="skip", transition="none", smoothing="fixed")},
        {"variation": Variation.off(), "dtype": "float32"},
    ],
)
def test_every_item_is_rebuilt_from_its_recipe_alone(make, dictionary, how):
    for item in make(sentences=SENTENCES[:3], copies=1, **how):
        again = rebuild(json.loads(json.dumps(item.recipe)), dictionary)
        kept = again.pose.positions.astype(how.get("dtype", "float16")).astype(np.float32)
        assert np.array_equal(kept, item.pose.positions)
        assert np.array_equal(again.pose.mask, item.pose.mask)
        for name in ("name", "gloss", "text", "signer", "spans", "frames", "origin"):
            assert getattr(again, name) == getattr(item, name)
        assert item.origin == "synthetic" and item.pose.fps == 25.0


def test_another_dictionary_or_half_a_recipe_is_refused(corpus, dictionary, tmp_path):
    recipe = dict(corpus[0].recipe)
    other = shutil.copytree(dictionary, tmp_path / "other")
    assert rebuild(recipe, other).name == corpus[0].name  # the same signs elsewhere
    save_dictionary(load_dictionary(dictionary).subset(0.5), other)
    with pytest.raises(SLTError, match="was made with dictionary"):
        rebuild(recipe, other)
    with pytest.raises(SLTError, match="holds no dictionary"):
        rebuild(recipe, tmp_path / "none")
    for key in ("signs", "settings", "camera"):
        with pytest.raises(SLTError, match="incomplete"):
            rebuild({k: v for k, v in recipe.items() if k != key}, dictionary)
    with pytest.raises(SLTError, match="no take 9"):
        rebuild(recipe | {"signs": [["REGEN", 9, 0]], "seconds": [0.3]}, dictionary)


def test_a_dictionary_replaced_on_its_place_is_read_again(make, dictionary, tmp_path):
    place = shutil.copytree(dictionary, tmp_path / "place")
    how = {"processes": 1, "variation": Variation.off(), "stitch": PLAIN}
    first = generate_corpus(tmp_path / "a", SENTENCES[:1], place, **how)[0]
    assert np.isfinite(rebuild(first.recipe, place).pose.positions).all()
    signs = (record(g, partial(take_of, g, 7), "new") for g in GLOSSES)
    save_dictionary(Dictionary(number_variants(signs)), place)
    second = generate_corpus(tmp_path / "b", SENTENCES[:1], place, **how)[0]
    again = rebuild(second.recipe, place)
    assert np.array_equal(np.float16(again.pose.positions), np.float16(second.pose.positions))


def test_sentences_without_signs_are_left_out_and_counted(corpus, make, dictionary, tmp_path):
    assert len(corpus) == 2 * (len(SENTENCES) - 1) and plan(corpus)["left_out"] == 2
    assert not any(text == "unbekannt ." for text in corpus.texts)
    unknown = corpus[corpus.find("synthetic/000001-0")]
    assert unknown.gloss == ("KOMMEN", "UNBEKANNT", "SUED") and unknown.spans[1] == (0, 0)
    assert all(end > start for i, (start, end) in enumerate(unknown.spans) if i != 1)
    lonely = make(sentences=[SENTENCES[2]] * 3 + SENTENCES[:1], copies=1)
    assert len(lonely) == 1 and plan(lonely)["left_out"] == 3  # the first shard is empty
    assert lonely.glosses == [SENTENCES[0][0]] and lonely[0].text == SENTENCES[0][1]
    for sentences, words in (([SENTENCES[2]], "No gloss"), ([], "no sentence")):
        with pytest.raises(SLTError, match=words):
            generate_corpus(tmp_path / "x", sentences, dictionary, processes=1)
        assert not (tmp_path / "x").exists()


def test_a_spelled_gloss_has_one_span_over_its_letters(tmp_path):
    letters = [record(g, partial(take_of, "REGEN", i), "letter") for i, g in enumerate("ABC")]
    save_dictionary(Dictionary(letters), tmp_path / "letters")
    made = generate_corpus(
        tmp_path / "c", [(("CAB", "A"), "cab a")], tmp_path / "letters", processes=1,
        stitch=StitchSettings(missing="fingerspell", smoothing="none"),
    )[0]  # fmt: skip
    assert [gloss for gloss, _, _ in made.recipe["signs"]] == ["C", "A", "B", "A"]
    assert len(made.spans) == 2 and made.spans[0][1] <= made.spans[1][0]
    assert made.spans[0][1] - made.spans[0][0] > 2 * (made.spans[1][1] - made.spans[1][0]) > 0


# continued and refused


def test_an_unfinished_corpus_is_continued_and_a_finished_one_kept(corpus, dictionary, tmp_path):
    folder = shutil.copytree(corpus.folder, tmp_path / "c")
    again = partial(make_again, folder, dictionary)
    kept, lost = (folder / factory.shard_name(i) for i in (0, 1))
    times = {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert again().hash == corpus.hash
    assert times == {p.name: p.stat().st_mtime_ns for p in folder.iterdir()}
    lost.unlink()
    (folder / "corpus.json").unlink()
    (folder / f".{lost.name}.12ab34cd").write_bytes(b"half a shard")
    assert again().hash == corpus.hash
    assert kept.stat().st_mtime_ns == times[kept.name] != lost.stat().st_mtime_ns
    assert {p.name for p in folder.iterdir()} == set(times)
    lost.unlink()  # though it is said to be complete
    assert again().hash == corpus.hash and plan(corpus)["left_out"] == 2
    (folder / "corpus.json").unlink()
    lost.write_bytes(lost.read_bytes()[:-100])
    with pytest.raises(PoseFileError, match=lost.name):
        again()


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1}, {"copies": 1}, {"prefix": "x"}, {"dtype": "float32"}, {"shard_items": 4},
        {"variation": Variation()}, {"stitch": PLAIN}, {"sentences": SENTENCES[:4]},
        {"dictionary": "other"},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_folder_with_another_plan_is_refused(corpus, dictionary, tmp_path, change):
    how = {
        "sentences": SENTENCES, "dictionary": dictionary, "variation": LOSSES, "processes": 1,
        "shard_items": 3, "copies": 2,
    } | change  # fmt: skip
    if how["dictionary"] == "other":
        how["dictionary"] = save_takes(tmp_path / "other", takes=1)
    before = {p.name: p.stat().st_mtime_ns for p in corpus.folder.iterdir()}
    with pytest.raises(SLTError, match="in another way") as error:
        generate_corpus(corpus.folder, **how)
    assert error.value.file == corpus.folder
    assert before == {p.name: p.stat().st_mtime_ns for p in corpus.folder.iterdir()}


def test_other_folders_are_left_alone(dictionary, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for taken in (tmp_path, tmp_path / "notes.txt"):
        with pytest.raises(SLTError, match="other things"):
            generate_corpus(taken, SENTENCES, dictionary)
    for how, words in (({"dtype": "int8"}, "int8"), ({"shard_items": 0}, "0 items")):
        with pytest.raises(SLTError, match=words):
            generate_corpus(tmp_path / "new", SENTENCES, dictionary, **how)
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


SLOWLY = """
import sys, time
from test_corpus_synthetic import *
if __name__ == "__main__":
    real = factory.write_shard
    def slowly(path, items, *rest):
        def dawdling():
            for item in items:
                yield item
                time.sleep(0.15)
        return real(path, dawdling(), *rest)
    factory.write_shard = slowly
    generate_corpus(sys.argv[1], SENTENCES, sys.argv[2], variation=LOSSES, processes=1,
                    shard_items=3, copies=2)
"""


def test_a_process_killed_in_the_middle_costs_one_shard_at_most(corpus, dictionary, tmp_path):
    folder = tmp_path / "killed"
    (tmp_path / "slowly.py").write_text(SLOWLY, "utf8")
    paths = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[1])])
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "slowly.py"), str(folder), str(dictionary)],
        env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(lambda: len(list(folder.glob(".shard-00001.arrow.*"))) == 1 or running.poll())
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    with pytest.raises(PoseFileError, match="no complete corpus"):
        Corpus.open(folder)
    whole = (folder / "shard-00000.arrow").stat().st_mtime_ns
    made = make_again(folder, dictionary)
    assert made.hash == corpus.hash and len(made) == len(corpus)
    assert (folder / "shard-00000.arrow").stat().st_mtime_ns == whole
    assert not list(folder.glob(".*"))


def test_the_death_of_a_worker_is_one_clear_error(make, dictionary, monkeypatch):
    monkeypatch.setattr(factory, "make_shard", die)
    with pytest.raises(SLTError, match="A process died") as error:
        make(name="dead", processes=2)
    folder = error.value.file
    monkeypatch.undo()
    assert len(make_again(folder, dictionary)) == 8


def die(*job) -> None:
    """What a worker does for which there is no memory."""
    os.kill(os.getpid(), signal.SIGKILL)


# variation


def test_full_reordering_is_of_what_is_signed_and_not_of_the_text(make):
    made = make(variation=replace(Variation.off(), reorder="full"), stitch=PLAIN, copies=6)
    for item in made:
        glosses, text = SENTENCES[int(item.name[10:16])]
        assert sorted(item.gloss) == sorted(glosses) and item.text == text
        assert [g for g, _, _ in item.recipe["signs"]] == [g for g in item.gloss if g in GLOSSES]
        starts = [s for s, e in item.spans if e > s]
        assert starts == sorted(starts)
    longest = {item.gloss for item in made if len(item.gloss) == 6}
    assert len(longest) > 3


@pytest.mark.parametrize("durations", [StitchSettings().durations, None])
def test_speed_makes_sentences_shorter_or_longer(make, durations):
    settings = replace(PLAIN, durations=durations)
    lengths = []
    for speed in (0.5, 1.0, 2.0):
        plain = replace(Variation.off(), speed=(speed, speed))
        made = make(sentences=SENTENCES[:2], variation=plain, stitch=settings, copies=1)
        lengths.append(made.frames.sum())
        spans = [s for spans in made.spans for s in spans]
        assert max(end for _, end in spans) <= made.frames.max()
    assert lengths[0] > 1.3 * lengths[1] > 1.3 * 1.3 * lengths[2]


def test_takes_and_durations_vary_only_when_asked(make, dictionary):
    varied = make(sentences=[(("REGEN",), "")], copies=12, stitch=PLAIN)
    recipes = [item.recipe for item in varied]
    assert {take for r in recipes for _, take, _ in r["signs"]} == {0, 1}
    assert len({tuple(r["seconds"]) for r in recipes}) == 12
    plain = make(sentences=[(("REGEN",), "")], copies=3, stitch=PLAIN, variation=Variation.off())
    best = load_dictionary(dictionary).signs("REGEN")[0].variant
    assert {r.recipe["signs"][0][1] for r in plain} == {best}
    assert all(np.array_equal(i.pose.positions, plain[0].pose.positions) for i in plain)


def test_a_corpus_gives_its_durations_and_its_spectrum(corpus, make, tmp_path):
    model = corpus_durations(corpus)
    assert model.ways == "before" and set(model.centres) == set(GLOSSES)
    assert 0.05 < model.seconds("REGEN") < 1
    found = corpus_spectrum(corpus)
    assert found.fps == 25 and {"body", "right_hand"} <= set(found.power)
    tuned = make(sentences=SENTENCES[:1], copies=1, reference=found,
                 stitch=StitchSettings(missing="skip", durations=model))  # fmt: skip
    assert tuned[0].recipe["settings"]["durations"] == "before"
    other = replace(found, power=dict(found.power) | {"right_hand": found.power["body"]})
    again = make(sentences=SENTENCES[:1], copies=1, reference=other,
                 stitch=StitchSettings(missing="skip", durations=model))  # fmt: skip
    assert factory._kitchen[1].reference.power["right_hand"] == pytest.approx(
        found.power["body"], abs=1e-7
    )
    assert again.names == tuned.names
    spanless = write_corpus(tmp_path / "c", (replace(item, spans=None) for item in corpus))
    with pytest.raises(SLTError, match="No sign durations"):
        corpus_durations(spanless)
