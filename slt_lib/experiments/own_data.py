"""From a folder to an evaluated translator: chapter 15, and what `slt-book record 15` keeps."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from filelock import FileLock

from slt_lib.corpus.check import Report, check_data
from slt_lib.corpus.ingest import Ingested, ingest
from slt_lib.corpus.weather.world import SPLITS, World, WorldSettings, make_world
from slt_lib.dictionary import load_dictionary
from slt_lib.experiments.data import Data
from slt_lib.experiments.own_formats import pose_folder, with_lexicon
from slt_lib.experiments.run import run
from slt_lib.experiments.scale import FULL, SCALES, Scale
from slt_lib.experiments.tables import summary
from slt_lib.pose.errors import SLTError

ARMS = ("real_only", "equal_compute", "pretrain_finetune", "joint")
RECORDED = (*ARMS, "formats", "scale")
OWN_SCALES = {
    "smoke": replace(SCALES["smoke"], novel=0),
    "book": replace(
        SCALES["book"], novel=0, updates=50, world=WorldSettings(seed=0, train=150, dev=25, test=50)
    ),
    "full": replace(
        FULL,
        novel=0,
        updates=400,
        model=SCALES["book"].model,
        world=WorldSettings(seed=0, train=400, dev=60, test=120),
    ),
    "paper": replace(SCALES["paper"], novel=0),
}


@dataclass(frozen=True)
class Prepared:
    """A folder of data on its way to a translator.

    Attributes:
        report: What the check said.
        ingested: Corpora and dictionary.
        data: For the arms; stitching works if there is a dictionary.
        cut: Whether its signs were cut out of the corpus, for want of a lexicon.
        world: What made data were made of; None for the user's own.

    Chapter: 15_your_own_data
    """

    report: Report
    ingested: Ingested
    data: Data
    cut: bool
    world: World | None

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms that these data allow: stitching needs glosses, and signs for them."""
        return ARMS if self.data.dictionary else ARMS[:2]


def made_world(scale: Scale, work: str | Path) -> World:
    """The weather world of a size, made once.

    Chapter: 15_your_own_data
    """
    s = scale.world
    folder = Path(work) / f"world-{s.seed}-{s.train}-{s.dev}-{s.test}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        return make_world(folder, s, processes=1)


def made_folder(world: World, folder: Path) -> Path:
    """What a user would bring: `.pose` files, a table and a lexicon. All of it simulated.

    Args:
        world: Whose sentences and signs are written.
        folder: Where; made once.

    Chapter: 15_your_own_data
    """
    if not (folder / "made").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        parts = {split: getattr(world, split) for split in SPLITS}
        pose_folder(parts, folder)
        used = {gloss for corpus in parts.values() for one in corpus.glosses for gloss in one}
        with_lexicon(load_dictionary(world.dictionary), used, folder)
        (folder / "made").touch()
    return folder


def prepare(
    data: str | Path, out: str | Path, scale: Scale, *, lexicon: str | Path = "",
    origin: str = "real", world: World | None = None, processes: int = 1, cut: bool = True,
    **how,
) -> Prepared:  # fmt: skip
    """Check a folder, ingest it, and find or cut signs for stitching.

    Args:
        data, lexicon, origin: As for `ingest`.
        out: Where everything goes.
        scale: Sizes of models and trainings.
        world: What made data were made of.
        processes: To stitch with.
        cut: Whether to cut signs out of the corpus where there is no lexicon.
        how: Further arguments of `ingest`, the check's report among them.

    Raises:
        SLTError: If the check finds errors.

    Chapter: 15_your_own_data
    """
    how.setdefault("report", None)
    how["report"] = how["report"] or check_data(data, lexicon or None, fps=how.get("fps", 25.0))
    made = ingest(data, out, lexicon=lexicon or None, origin=origin, **how)
    own = data_from(scale, out, made.corpus, made.dictionary, processes)
    cut = cut and made.dictionary is None and any(own.splits["train"].glosses)
    if cut:
        from slt_lib.experiments.cutting import corpus_dictionary

        own.dictionary = corpus_dictionary(own)
    return Prepared(how["report"], made, own, cut, world)


def data_from(
    scale: Scale, out: str | Path, corpus: Path, dictionary: Path | None, processes: int
) -> Data:
    """The data of arms, from what `ingest` left."""
    return Data(scale, Path(out) / "experiments", corpus=corpus, dictionary=dictionary or "",
                processes=processes)  # fmt: skip


@cache
def _prepared(size: str, work: str, data: str, lexicon: str, processes: int) -> Prepared:
    if size not in OWN_SCALES:
        raise SLTError(f"There is no size {size!r}.", fix=f"Known: {', '.join(OWN_SCALES)}.")
    scale, out, how = OWN_SCALES[size], Path(work) / f"own-{size}", {"processes": processes}
    if data:
        whose = repr([str(Path(one).absolute()) for one in (data, lexicon) if one])
        out = out.with_name(f"{out.name}-{hashlib.sha256(whose.encode()).hexdigest()[:8]}")
        how["lexicon"] = lexicon
    else:
        how |= {"origin": "simulated", "world": (world := made_world(scale, work))}
        data = made_folder(world, Path(work) / f"folder-{size}")
    out.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{out}.lock"):
        return prepare(data, out, scale, **how)


def run_own_data(
    arm: str, seed: int, *, size: str = "full", work: str = "build/own_data", data: str = "",
    lexicon: str = "", processes: int = 1,
) -> dict:  # fmt: skip
    """One arm with one seed, the whole way from a folder of files.

    Args:
        arm: One of `RECORDED`: an arm of chapter 10; "formats", the way from every format with
            trainings of two updates; "scale", the rehearsal at PHOENIX14T's size.
        seed: Of training.
        size: A key of `OWN_SCALES`.
        work: Folder for everything.
        data, lexicon: The user's own, as for `check_data`; by default the weather world's,
            written into files first.
        processes: To stitch with.

    Raises:
        SLTError: If there is no such arm.

    Chapter: 15_your_own_data
    """
    if arm == "formats":
        from slt_lib.experiments.format_runs import run_formats

        return run_formats(seed, OWN_SCALES["smoke"], Path(work))
    if arm == "scale":
        from slt_lib.experiments.rehearsal import run_scale

        return run_scale(seed, processes=processes)
    if arm not in ARMS:
        raise SLTError(f"There is no arm {arm!r}.", fix=f"Known: {', '.join(RECORDED)}.")
    own = _prepared(size, str(work), data, lexicon, processes)
    found = run(arm, seed, own.data)
    return found | {"data": told(own), "round_trip": same_as_direct(own)}


def told(own: Prepared) -> dict:
    """What a record says of its data: counts and findings, no path of this machine."""
    kinds: dict[str, int] = {}
    for one in own.report.findings:
        kinds[one.kind] = kinds.get(one.kind, 0) + 1
    signs = len(load_dictionary(own.data.dictionary)) if own.data.dictionary else 0
    return {"formats": own.report.formats, "counts": own.report.counts, "findings": kinds,
            "signs": signs, "signs_cut_from_corpus": own.cut}  # fmt: skip


def same_as_direct(own: Prepared) -> bool | None:
    """Whether the corpora that came by way of files are the world's, bit for bit; None if no world.

    Chapter: 15_your_own_data
    """
    if own.world is None:
        return None
    return all(own.data.splits[s].hash == getattr(own.world, s).hash for s in SPLITS)


def own_data_summary(records: Mapping[str, Mapping[int, dict]]) -> dict:
    """What chapter 15's results file holds, live and recorded.

    Args:
        records: By arm and seed.

    Chapter: 15_your_own_data
    """
    arms = {arm: dict(records[arm]) for arm in ARMS if arm in records}
    found = summary(arms) if arms else {}
    for runs in records.get("formats", {}).values():
        found["formats_run"] = runs["formats_run"]
    if "scale" in records:
        from slt_lib.experiments.outlook import scale_summary

        found |= scale_summary(next(iter(records["scale"].values())))
    return found
