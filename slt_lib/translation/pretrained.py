"""A text decoder that has already read a lot: mBART and the like, from a local folder.

The model's own words are kept in its own order, behind our four special ones, so that search,
losses and vocabularies needn't know. Needs the extra `pretrained` (`transformers`).
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor, nn

from slt_lib.pose.errors import MissingPartError, SLTError
from slt_lib.translation.data import Codec
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.vocabulary import BOS, EOS, SPECIAL, UNK, Vocabulary


def _transformers():
    try:
        import transformers
    except ImportError as error:
        raise MissingPartError(
            "A pre-trained decoder needs the package transformers.",
            fix="pip install -c constraints.txt -e '.[pretrained]'",
        ) from error
    return transformers


def _open(folder: str | Path, kind: str):
    """A tokenizer or model of a local folder; nothing is downloaded and no code is run."""
    folder = Path(folder)
    if not folder.is_dir():
        raise SLTError("There is no such folder.", file=folder, fix="Download the model into it.")
    opener = getattr(_transformers(), kind)
    try:
        return opener.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever opening a damaged or hostile file happens to raise
        why = f"{type(error).__name__}: {error}"[:200]
        raise SLTError(
            f"It isn't a model that transformers can open ({why}).", file=folder,
            fix="It needs config.json, weights (safetensors) and a tokenizer.",
        ) from error  # fmt: skip


def _theirs(tokenizer) -> list[int]:
    """Their number of each of our words."""
    special = [tokenizer.pad_token_id, tokenizer.unk_token_id,
               tokenizer.bos_token_id, tokenizer.eos_token_id]  # fmt: skip
    if None in special or len(set(special)) != 4:
        raise SLTError("The tokenizer lacks a token for padding, unknown, start or end.")
    return special + [i for i in range(len(tokenizer)) if i not in special]


@dataclass(frozen=True)
class PretrainedCodec(Codec):
    """Our glosses, and the words of a pre-trained model's tokenizer.

    Attributes:
        folder: The model's.

    Chapter: 09_pose_to_text
    """

    folder: str = ""

    @classmethod
    def around(cls, gloss: Vocabulary, folder: str | Path) -> "PretrainedCodec":
        """The codec of a model in a local folder.

        Raises:
            SLTError: If the folder holds no tokenizer.
            MissingPartError: If transformers isn't installed.
        """
        tokenizer = _open(folder, "AutoTokenizer")
        names = tokenizer.convert_ids_to_tokens(_theirs(tokenizer))
        return cls(gloss, Vocabulary([*SPECIAL, *names[4:]]), str(folder))

    @cached_property
    def _tokenizer(self):
        return _open(self.folder, "AutoTokenizer")

    @cached_property
    def _tables(self) -> tuple[list[int], dict[int, int]]:
        theirs = _theirs(self._tokenizer)
        return theirs, {number: i for i, number in enumerate(theirs)}

    def encode_text(self, text: str) -> list[int]:
        """A sentence as numbers of word pieces."""
        pieces = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        ours = (self._tables[1][piece] for piece in pieces)
        return [BOS, *(number if number > EOS else UNK for number in ours), EOS]

    def decode_text(self, numbers) -> str:
        """A sentence from numbers of word pieces."""
        kept = []
        for number in numbers:
            if number == EOS:
                break
            if number > EOS:
                kept.append(self._tables[0][number])
        return " ".join(self._tokenizer.decode(kept).split())


@dataclass
class PretrainedCache:
    """What the pre-trained decoder needn't compute again.

    Attributes:
        past: Its own cache.
        states: The memory, one row per hypothesis; mask likewise.
        beams: Rows per sentence.
    """

    past: object
    states: Tensor
    mask: Tensor
    beams: int

    def reorder(self, rows: Tensor) -> None:
        """Keep these rows, in this order."""
        self.past.reorder_cache(rows)

    def keep(self, sentences: Tensor) -> None:
        """Go on with these sentences only."""
        beams = torch.arange(self.beams, device=sentences.device)
        rows = (sentences.unsqueeze(1) * self.beams + beams).flatten()
        self.past.reorder_cache(rows)
        self.states, self.mask = self.states[rows], self.mask[rows]


class PretrainedDecoder(nn.Module):
    """The decoder of a pre-trained sequence-to-sequence model behind our interface.

    Args:
        settings: `decoder` names the folder; our width is projected to theirs.

    Raises:
        SLTError: If the folder holds no such model.
        MissingPartError: If transformers isn't installed.

    Chapter: 09_pose_to_text
    """

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        whole = _open(settings.decoder, "AutoModelForSeq2SeqLM")
        self.inner, self.head = whole.get_decoder(), whole.get_output_embeddings()
        self.bridge = nn.Linear(settings.width, whole.config.d_model)
        theirs = _theirs(_open(settings.decoder, "AutoTokenizer"))
        if max(theirs) >= len(self.head.weight):
            raise SLTError(
                f"The tokenizer has {len(theirs)} words, the model {len(self.head.weight)}.",
                file=settings.decoder, fix="Take both from the same model.",
            )  # fmt: skip
        self.register_buffer("theirs", torch.tensor(theirs), persistent=False)

    def _words(self, states: Tensor) -> Tensor:
        return self.head(states)[..., self.theirs]

    def forward(self, tokens: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """What follows every word; as `TextDecoder.forward`."""
        out = self.inner(
            input_ids=self.theirs[tokens], encoder_hidden_states=self.bridge(memory),
            encoder_attention_mask=mask.long(), use_cache=False,
        )  # fmt: skip
        return self._words(out.last_hidden_state)

    def start(self, memory: Tensor, mask: Tensor, beams: int, longest: int) -> PretrainedCache:
        """A cache for `beams` rows per sentence; as `TextDecoder.start`."""
        del longest  # theirs grows
        t = _transformers()
        past = t.EncoderDecoderCache(t.DynamicCache(), t.DynamicCache())
        states = self.bridge(memory).repeat_interleave(beams, 0)
        return PretrainedCache(past, states, mask.repeat_interleave(beams, 0), beams)

    def step(self, tokens: Tensor, cache: PretrainedCache) -> Tensor:
        """What follows the latest word of every row; as `TextDecoder.step`."""
        out = self.inner(
            input_ids=self.theirs[tokens].unsqueeze(1), encoder_hidden_states=cache.states,
            encoder_attention_mask=cache.mask.long(), past_key_values=cache.past, use_cache=True,
        )  # fmt: skip
        cache.past = out.past_key_values
        return self._words(out.last_hidden_state[:, -1])
