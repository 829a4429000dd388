"""Which sentences are to be signed? Glosses and text, from whatever holds them."""

from pathlib import Path

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io import Utterance, read_annotations, read_corpus_csv
from slt_lib.pose.io.guard import read_bytes, refusing

FIX = "Every line: the glosses separated by spaces, a tab, the sentence."


def read_sentences(path: str | Path) -> list[Utterance]:
    """Glosses and texts to sign; those without a gloss are left out.

    Args:
        path: PHOENIX14T's annotation, `.gz` (with frame counts) or `.corpus.csv`, or a UTF-8 text
            file with the glosses, a tab and the sentence on each line.

    Raises:
        PoseFileError: If it can't be read so, or holds no sentence.

    Chapter: 15_your_own_data
    """
    path = Path(path)
    if path.suffix == ".gz":
        found = read_annotations(path)
    elif path.name.endswith(".csv"):
        found = read_corpus_csv(path)
    else:
        found = _read_lines(path)
    found = [one for one in found if one.gloss]
    if not found:
        raise PoseFileError("It holds no sentence with glosses.", file=path, fix=FIX)
    return found


def _read_lines(path: Path) -> list[Utterance]:
    with refusing(path, "a list of sentences", FIX):
        lines = read_bytes(path).decode("utf-8-sig").splitlines()
    found = []
    for number, line in enumerate(lines, 1):
        gloss, tab, text = line.partition("\t")
        if not tab and line.strip():
            raise PoseFileError(f"Line {number} has no tab.", file=path, fix=FIX)
        found.append(Utterance(f"{path.stem}/{number}", tuple(gloss.split()), text.strip()))
    return found
