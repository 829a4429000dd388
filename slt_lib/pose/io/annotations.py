"""The gzip pickles of sign-language-transformers: PHOENIX14T's annotation with alignments.

Source: https://github.com/neccam/slt (Camgöz et al., CVPR 2020), `base_annotations`.

A pickle is a program. This reader runs only the few instructions that such a file needs:
every opcode is looked at first, and the only callables it may name are replaced by one that
returns nothing. `torch.storage._load_from_bytes`, which these files call, would unpickle
without any restriction; it is among those replaced, so the file's feature tensors (empty in
the published annotation) are not read.
"""

import io
import pickle
import pickletools
from pathlib import Path

import numpy as np

from slt_lib.pose.errors import PoseFileError, UnsafeFileError
from slt_lib.pose.io.guard import gunzip, refusing
from slt_lib.pose.io.utterance import Utterance

HARMLESS = """
    PROTO FRAME STOP MARK MEMOIZE BINPUT LONG_BINPUT BINGET LONG_BINGET EMPTY_LIST LIST APPEND
    APPENDS EMPTY_DICT DICT SETITEM SETITEMS EMPTY_TUPLE TUPLE TUPLE1 TUPLE2 TUPLE3 NONE NEWTRUE
    NEWFALSE BININT BININT1 BININT2 LONG1 BINFLOAT SHORT_BINUNICODE BINUNICODE SHORT_BINBYTES
    BINBYTES SHORT_BINSTRING BINSTRING GLOBAL STACK_GLOBAL REDUCE
""".split()  # noqa: SIM905
TENSOR_PARTS = frozenset(
    {
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch.storage", "_load_from_bytes"),
        ("collections", "OrderedDict"),
    }
)
KEYS = ("name", "signer", "gloss", "text", "num_frames")
ALIGNMENTS = ("pami0", "pami1", "pami2")  # sign, mouth shape, hand shape
LARGEST = 512 << 20
FIX = "Get the file from https://github.com/neccam/slt again."


def read_annotations(path: str | Path) -> list[Utterance]:
    """Reads names, signers, glosses, sentences, frame counts and frame alignments.

    Args:
        path: A file such as `phoenix14t.train.gz`.

    Returns:
        One utterance per item, without pose. `alignment` is `pami0`, one state per frame
        (sign id = (state - 1) // 3; 0 is no state), None where no frame has one; `meta` keeps
        `pami1` and `pami2`, int [frames].

    Raises:
        UnsafeFileError: If the file asks for anything to be run that annotation doesn't need.
        PoseFileError: If it is damaged, or an item lacks a key.

    Chapter: 02_dictionary
    """
    path = Path(path)
    data = gunzip(path, LARGEST)
    with refusing(path, "an annotation pickle", FIX):
        _inspect(data, path)
        items = _Unpickler(data, path).load()
        if not isinstance(items, list):
            raise ValueError("not a list of items")
        return [_utterance(item, number, path) for number, item in enumerate(items)]


def _inspect(data: bytes, path: Path) -> None:
    """Refuses opcodes that annotation doesn't need, and memo places larger than the file."""
    for opcode, argument, position in pickletools.genops(data):
        if opcode.name not in HARMLESS:
            raise UnsafeFileError(
                f"It uses the pickle instruction {opcode.name}, which annotation doesn't need.",
                file=path,
                fix="It may be malicious: don't open it with pickle. " + FIX,
            )
        if opcode.name == "LONG_BINPUT" and argument > position:
            raise PoseFileError("Its memo doesn't fit its size.", file=path, fix=FIX)


class _Unpickler(pickle.Unpickler):
    """Gives back plain values; whatever rebuilds a tensor becomes None."""

    def __init__(self, data: bytes, path: Path) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self.path = path

    def find_class(self, module: str, name: str):
        if (module, name) in TENSOR_PARTS:
            return lambda *parts: None
        raise UnsafeFileError(
            f"It asks for {module[:60]}.{name[:60]} to be run when it is opened.",
            file=self.path,
            fix="It may be malicious: don't open it with pickle. " + FIX,
        )


def _utterance(item: object, number: int, path: Path) -> Utterance:
    missing = [k for k in KEYS if k not in item] if isinstance(item, dict) else list(KEYS)
    if missing:
        raise PoseFileError(f"Item {number} has no {', '.join(missing)}.", file=path, fix=FIX)
    name, signer, gloss, text = (item[key] for key in KEYS[:4])
    if not all(isinstance(value, str) for value in (name, signer, gloss, text)):
        raise PoseFileError(f"Item {number} has something else than text.", file=path, fix=FIX)
    frames = int(item["num_frames"])
    found = item.get("alignments") or {}
    states = {key: _states(found[key]) for key in ALIGNMENTS if found.get(key) is not None}
    for key, values in states.items():
        if len(values) not in (0, frames) or frames < 0:
            raise PoseFileError(
                f"{name[:80]!r} has {frames} frames and {len(values)} states in {key}.",
                file=path,
                fix=FIX,
            )
    sign = states.pop("pami0", np.empty(0, int))
    return Utterance(
        name=name,
        gloss=tuple(gloss.split()),
        text=text,
        signer=signer,
        frames=frames,
        alignment=sign if (sign > 0).any() else None,
        meta=states,
    )


def _states(values: object) -> np.ndarray:
    """An alignment as int [frames], from "3175 3176" or [3175, 3176]."""
    if isinstance(values, str):
        values = values.split()
    if not isinstance(values, list | tuple):
        raise ValueError("an alignment is neither text nor a list")
    return np.array([int(value) for value in values], dtype=np.int64)
