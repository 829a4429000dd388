"""Figures in pages: filled in from records, never stale, never of something unrecorded."""

import json

import pytest
from conftest import ROOT

from slt_lib.cli.figures import FIGURE, NOT_YET, fill
from slt_lib.cli.project import BookError

RECORDED = ROOT / "book" / "recorded"
PAGES = [page for page in sorted((ROOT / "book").glob("*.md")) if FIGURE.search(page.read_text())]
SUMMARY = {
    "arms": {
        "a": {"bleu4": [3.0, 4.0, 5.0], "psnr": {"mean": 20.0, "sd": None, "values": [20.0]}},
        "b": {"bleu4": [1.0, 2.0, 2.5], "psnr": {"mean": 25.0, "sd": None, "values": [25.0]}},
        "no-6-hz": {"bleu4": {"mean": 4.5, "sd": 0.7, "values": [4.0, 5.0]}},
    },
    "p": {"sure": 0.0002, "likely": 0.04, "chance": 0.3},
    "words": ["text"],
}  # fmt: skip


@pytest.fixture
def recorded(tmp_path):
    (tmp_path / "01_toy.json").write_text(json.dumps(SUMMARY))
    return tmp_path


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("arms.a.bleu4", "4.0 ± 1.0"),
        ("arms.a.bleu4 : .2f", "4.00 ± 1.00"),
        ("arms.no-6-hz.bleu4", "4.5 ± 0.7"),
        ("arms.a.psnr", "20.0"),
        ("arms.a.psnr / arms.b.psnr", "0.80"),
        ("p.sure : .1%", "0.0%"),
        ("arms.a.bleu4 > arms.b.bleu4 : p.sure", "**holds here** (p < 0.001)"),
        ("arms.b.bleu4 > arms.a.bleu4 : p.likely", "**fails here** (p = 0.04)"),
        ("arms.a.bleu4 > arms.b.bleu4", "**holds here** in every seed"),
        ("arms.b.bleu4 > arms.a.bleu4", "**fails here** in every seed"),
        ("arms.a.bleu4 > arms.no-6-hz.bleu4", "**can't be told here**: seeds overlap"),
        ("arms.b.psnr > arms.a.psnr", "**holds here**"),
    ],
)
def test_a_figure_is_said_as_it_is_recorded(recorded, asked, said):
    assert fill(f"so: {{{{ 01_toy: {asked} }}}}.", recorded) == f"so: {said}."


def test_chance_is_named(recorded):
    found = fill("{{ 01_toy: arms.a.bleu4 > arms.b.bleu4 : p.chance }}", recorded)
    assert found.startswith("**can't be told here**") and "p = 0.3" in found


def test_a_chapter_without_records_says_so_and_other_braces_stay(recorded):
    assert fill("{{ 02_none: arms.a.bleu4 > arms.b.bleu4 : p }}", recorded) == NOT_YET
    assert fill("title = {{SLT} and {{ more }}}", recorded) == "title = {{SLT} and {{ more }}}"


@pytest.mark.parametrize(
    "path", ["arms.c.bleu4", "words", "arms", "arms.a.bleu4 > arms.c", "p.x : x"]
)
def test_a_figure_that_nobody_recorded_is_refused(recorded, path):
    with pytest.raises(BookError, match="no figure"):
        fill(f"{{{{ 01_toy: {path} }}}}", recorded)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_figure_that_a_page_names_is_recorded(page):
    fill(page.read_text("utf8"), RECORDED)  # refuses what a record lacks
    named = {asked.split(":")[0] for asked in FIGURE.findall(page.read_text("utf8"))}
    assert named and {name for name in named if not (RECORDED / f"{name}.json").is_file()} == set()
