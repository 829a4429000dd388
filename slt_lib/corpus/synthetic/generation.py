"""A factory: sentences in, shards out, in as many processes or machines as there are."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from slt_lib.corpus.corpus import (
    ABOUT,
    Corpus,
    check_storage,
    open_shard,
    read_about,
    shard_name,
    write_about,
)
from slt_lib.corpus.shards import write_shard
from slt_lib.corpus.synthetic.recipe import Order, cook, dictionary_hash, rounded, write_recipe
from slt_lib.corpus.synthetic.variation import Variation
from slt_lib.dictionary import load_dictionary
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write
from slt_lib.pose.skeleton import SLRTP_178
from slt_lib.stitching.prepared import Preparations, prepare_for
from slt_lib.stitching.settings import StitchSettings
from slt_lib.stitching.spectrum import Spectrum
from slt_lib.stitching.stitcher import Stitcher, own_spectrum

PLAN = "plan.json"


@dataclass(frozen=True)
class Work:
    """What a worker must know; the same for all shards.

    Attributes:
        folder: Where shards go.
        dictionary: Folder of the dictionary; key: its hash.
        settings, reference, variation: How sentences are made.
        dtype: Of the shards.
    """

    folder: Path
    dictionary: Path
    key: str
    settings: StitchSettings
    reference: Spectrum | None
    variation: Variation
    dtype: str


def generate_corpus(
    folder: str | Path,
    sentences: Iterable[tuple[Sequence[str], str]],
    dictionary: str | Path,
    *,
    stitch: StitchSettings | None = None,
    reference: Spectrum | None = None,
    variation: Variation | None = None,
    seed: int = 0,
    copies: int = 1,
    processes: int = 2,
    dask_address: str | None = None,
    dtype: str = "float16",
    shard_items: int = 128,
    prefix: str = "synthetic",
) -> Corpus:
    """Stitch a corpus, or finish one that was interrupted, or open it if it is complete.

    Every item has a random stream of its own, drawn from (seed, sentence, copy), so the result
    depends neither on the number of processes nor on interruptions. Sentences none of whose
    glosses has a sign are left out and counted in `plan.json`. If there are as many sentences
    as signs, the dictionary is prepared first (`prepare_dictionary`).

    Args:
        folder: The corpus' own folder.
        sentences: (glosses, text) of each.
        dictionary: Folder of a saved dictionary.
        stitch: How signs are joined; by default missing signs are skipped.
        reference: Velocity spectrum that the last filter matches; None takes the dictionary's.
        variation: What differs from item to item.
        seed: Of everything.
        copies: Items per sentence.
        processes: On this machine; 1 stays in this process.
        dask_address: Of a Dask scheduler whose workers see the same folders; instead of
            `processes`.
        dtype, shard_items: As for `write_corpus`.
        prefix: Of the items' names.

    Raises:
        SLTError: If there is no sentence, the folder holds another corpus, or a process died:
            what is complete stays, and the next run continues.

    Chapter: 04_synthetic_corpus
    """
    folder, settings = Path(folder), stitch or StitchSettings(missing="skip")
    check_storage(dtype, shard_items)
    orders = _orders(sentences, seed, copies, prefix)
    if settings.smoothing == "matched" and reference is None:
        known = Preparations(settings)
        reference = own_spectrum(load_dictionary(dictionary), settings.fps, known=known)
    work = Work(folder.absolute(), Path(dictionary).absolute(), dictionary_hash(dictionary),
                settings, rounded(reference), variation or Variation(), dtype)  # fmt: skip
    plan = _plan(work, orders, shard_items)
    if _is_there(folder, plan):
        return Corpus.open(folder)
    with atomic_write(folder / PLAN) as file:
        file.write(json.dumps(plan).encode())
    jobs = {
        shard_name(i): orders[start : start + shard_items]
        for i, start in enumerate(range(0, len(orders), shard_items))
    }
    left = {name: job for name, job in jobs.items() if not (folder / name).is_file()}
    prepare_for(dictionary, settings, sum(map(len, left.values())))
    with tqdm(total=len(jobs), initial=len(jobs) - len(left), desc=f"stitching {folder.name}",
              unit="shard", leave=False) as bar:  # fmt: skip
        for _ in _results(work, left, processes, dask_address):
            bar.update()
    return _complete(folder, plan, list(jobs))


def _orders(sentences, seed: int, copies: int, prefix: str) -> list[Order]:
    orders = [
        Order(f"{prefix}/{i:06d}-{copy}", tuple(gloss), text,
              int(np.random.SeedSequence([seed, i, copy]).generate_state(1)[0]))
        for i, (gloss, text) in enumerate(sentences)
        for copy in range(copies)
    ]  # fmt: skip
    if not orders:
        raise SLTError("There is no sentence to stitch.", fix="Give sentences, and copies above 0.")
    return orders


def _plan(work: Work, orders: Sequence[Order], shard_items: int) -> dict:
    """What makes a corpus this one; compared before an interrupted one is continued."""
    digest = hashlib.sha256(json.dumps([vars(o) for o in orders]).encode())
    if work.reference is not None:
        for part in sorted(work.reference.power):
            digest.update(work.reference.power[part].tobytes())
    digest.update(json.dumps(asdict(work.settings), sort_keys=True).encode())
    return {"dictionary": work.key, "orders": digest.hexdigest(), "items": len(orders),
            "variation": json.loads(json.dumps(asdict(work.variation))), "dtype": work.dtype,
            "shard_items": shard_items}  # fmt: skip


def _is_there(folder: Path, plan: dict) -> bool:
    """Whether the corpus is complete; an unfinished one of another plan is refused."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return False
    try:
        before = json.loads((folder / PLAN).read_text("utf8"))
    except (OSError, ValueError) as error:
        raise SLTError(
            "The folder holds other things.", file=folder, fix="Choose a new folder."
        ) from error
    before.pop("left_out", None)
    if before != plan:
        raise SLTError(
            "The folder holds a corpus made in another way.", file=folder,
            fix="Choose a new folder, or delete this one.",
        )  # fmt: skip
    return (folder / ABOUT).is_file() and all(
        (folder / name).is_file() for name in read_about(folder)["shards"]
    )


def _results(work: Work, jobs: dict[str, list[Order]], processes: int, dask_address: str | None):
    """The finished shards' names, as they come."""
    if dask_address is not None:
        from distributed import as_completed as finished

        with _client(dask_address) as client:
            names, orders = list(jobs), list(jobs.values())
            futures = client.map(
                make_shard, [work] * len(names), names, orders, retries=5, pure=False
            )
            for future in finished(futures):
                yield future.result()
    elif processes <= 1 or len(jobs) <= 1:
        for name, orders in jobs.items():
            yield make_shard(work, name, orders)
    else:
        with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
            try:
                futures = [pool.submit(make_shard, work, *job) for job in jobs.items()]
                for future in as_completed(futures):
                    yield future.result()
            except BrokenExecutor as error:
                raise SLTError(
                    "A process died: killed, out of memory, or of a script that has no "
                    "`if __name__ == '__main__':`.", file=work.folder,
                    fix="Run it again, with fewer processes: it continues where it stopped.",
                ) from error  # fmt: skip
            finally:
                pool.shutdown(cancel_futures=True)


def _client(address: str):
    from distributed import Client

    try:
        return Client(address)
    except (OSError, ValueError) as error:
        raise SLTError(
            f"No Dask scheduler answers at {address} ({error}).",
            fix="Start one with `dask scheduler`, and workers with `dask worker ADDRESS`.",
        ) from error


_kitchen: tuple[tuple, Stitcher] | None = None  # one per worker process


def make_shard(work: Work, name: str, orders: Sequence[Order]) -> str:
    """Make one shard, unless it is there; a worker's whole job.

    Args:
        work: What is the same for all.
        name: The shard's file.
        orders: Its sentences.
    """
    global _kitchen
    path = work.folder / name
    if path.is_file():  # a worker died after it had written the shard
        return name
    power = {} if work.reference is None else work.reference.power
    key = (work.key, str(work.settings), {part: p.tobytes() for part, p in power.items()})
    if _kitchen is None or _kitchen[0] != key:
        stitcher = Stitcher(load_dictionary(work.dictionary), work.settings, work.reference)
        _kitchen = key, stitcher
    stitcher = _kitchen[1]
    recipes = (write_recipe(order, stitcher, work.variation, work.key) for order in orders)
    made = (cook(recipe, stitcher) for recipe in recipes if recipe is not None)
    write_shard(path, made, work.dtype, SLRTP_178)
    return name


def _complete(folder: Path, plan: dict, names: Sequence[str]) -> Corpus:
    digests = []
    for name in names:
        digests += open_shard(folder / name).data.table.column("digest").to_pylist()
    for left in folder.glob(".*.arrow.*"):  # by processes that were killed
        left.unlink(missing_ok=True)
    if not digests:
        shutil.rmtree(folder)
        raise SLTError("No gloss of any sentence has a sign.", fix="Is it the right dictionary?")
    with atomic_write(folder / PLAN) as file:
        file.write(json.dumps(plan | {"left_out": plan["items"] - len(digests)}).encode())
    write_about(folder, names, digests, SLRTP_178)
    return Corpus.open(folder)
