"""A training on disk: written whole or not at all, and safe to open."""

import hashlib
from dataclasses import asdict
from pathlib import Path

import torch

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.translation.data import Codec
from slt_lib.translation.model import Translator
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.video_data import Sentences
from slt_lib.translation.vocabulary import Vocabulary

FORMAT = "slt-translator-1"
AGAIN = "Delete it and train again."


def save(path: Path, model: Translator, **more) -> None:
    """Write a model, and whatever else of plain values and tensors, atomically.

    Args:
        path: The file.
        model: With its settings and vocabularies.
        more: Such as the optimiser's state.

    Chapter: 09_pose_to_text
    """
    content = {
        "format": FORMAT,
        "model": {k: v.detach().cpu().clone() for k, v in model.state_dict().items()},
        "settings": asdict(model.settings),
        "gloss": list(model.codec.gloss.words),
        "text": list(model.codec.text.words),
        **more,
    }
    with atomic_write(path) as file:
        torch.save(content, file)


def load(path: str | Path, kind: str = FORMAT, what: str = "translator") -> dict:
    """What `save` wrote. Only plain values and tensors are accepted (`weights_only`).

    Args:
        path: The file.
        kind: The format that it must say it has; what: the name of that, for the message.

    Raises:
        PoseFileError: If the file is missing, damaged or something else.
    """
    path = Path(path)
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever unpickling a damaged file happens to raise
        raise PoseFileError(
            f"It can't be read as a checkpoint ({type(error).__name__}).", file=path,
            fix=AGAIN,
        ) from error  # fmt: skip
    if not isinstance(content, dict) or content.get("format") != kind:
        raise PoseFileError(f"It is no {what}.", file=path, fix="Give best.pt or last.pt.")
    return content


def load_translator(path: str | Path) -> Translator:
    """A trained translator, ready to translate.

    Args:
        path: A `best.pt` or `last.pt`, or the folder that `train` wrote.

    Raises:
        PoseFileError: As `load`.

    Chapter: 09_pose_to_text
    """
    path = Path(path)
    path = path / "best.pt" if path.is_dir() else path
    content = load(path)
    with refusing(path, "a translator", AGAIN):
        settings, codec = ModelSettings(**content["settings"]), codec_of(content)
    model = build(settings, codec)
    with refusing(path, "a translator", AGAIN):
        model.load_state_dict(content["model"])
    return model.eval()


def build(settings: ModelSettings, codec: Codec) -> Translator:
    """A new translator; a pre-trained decoder brings its own words."""
    if settings.decoder != "scratch":
        from slt_lib.translation.pretrained import PretrainedCodec

        codec = PretrainedCodec.around(codec.gloss, settings.decoder)
    return Translator(settings, codec)


def codec_of(content: dict) -> Codec:
    """The vocabularies in a checkpoint."""
    return Codec(Vocabulary(content["gloss"]), Vocabulary(content["text"]))


def fingerprint(*parts: object) -> str:
    """A short name of what a training depends on: settings, seeds, data."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Sentences):
            for piece in part.content():
                digest.update(piece)
        else:
            digest.update(repr(part).encode())
    return digest.hexdigest()[:16]
