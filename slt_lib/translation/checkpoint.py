"""A training on disk: written whole or not at all, and safe to open."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as as_safetensors

from slt_lib.pose.errors import PoseFileError
from slt_lib.pose.io.guard import atomic_write, refusing
from slt_lib.translation.data import Codec
from slt_lib.translation.model import Translator
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.video_data import Sentences
from slt_lib.translation.vocabulary import Vocabulary

FORMAT = "slt-translator-1"
AGAIN = "Delete it and train again."
# The translator that comes with the library; the model card beside it says what it can't do.
SHIPPED = Path(__file__).parent / "weights" / "weather_world.safetensors"


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
        path: A `best.pt` or `last.pt`, the folder that `train` wrote, or what `save_weights` wrote,
            such as `SHIPPED`.

    Raises:
        PoseFileError: As `load`.

    Chapter: 09_pose_to_text
    """
    path = Path(path)
    path = path / "best.pt" if path.is_dir() else path
    content = _load_weights(path) if path.suffix == ".safetensors" else load(path)
    with refusing(path, "a translator", AGAIN):
        settings, codec = ModelSettings(**content["settings"]), codec_of(content)
    model = build(settings, codec)
    with refusing(path, "a translator", AGAIN):
        model.load_state_dict(content["model"])
    return model.eval()


def save_weights(path: str | Path, model: Translator) -> None:
    """Write a model to be given away: half precision, and a format that can't run code.

    Args:
        path: A file that ends in .safetensors.
        model: With its settings and vocabularies, which go into the file's header.

    Chapter: 09_pose_to_text
    """
    about = {
        "settings": asdict(model.settings),
        "gloss": list(model.codec.gloss.words),
        "text": list(model.codec.text.words),
    }
    weights = {k: v.detach().cpu().half().contiguous() for k, v in model.state_dict().items()}
    metadata = {"format": FORMAT, "about": json.dumps(about, ensure_ascii=False)}
    with atomic_write(Path(path)) as file:
        file.write(as_safetensors(weights, metadata))


def _load_weights(path: Path) -> dict:
    """What `save_weights` wrote, as `load` gives it."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118
        if metadata.get("format") == FORMAT:
            return json.loads(metadata["about"]) | {"model": weights}
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise PoseFileError(
            f"It can't be read as weights ({type(error).__name__}).", file=path,
            fix="Take another file, or install the package again.",
        ) from error  # fmt: skip
    raise PoseFileError("It is no translator.", file=path, fix="Give what save_weights wrote.")


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
