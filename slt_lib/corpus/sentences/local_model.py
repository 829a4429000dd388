"""A language model in one's own hands: a folder or a GGUF file, through `transformers`."""

import os
from collections.abc import Sequence
from pathlib import Path

from slt_lib.corpus.sentences.constrained import PairConstraint, WordTree
from slt_lib.corpus.sentences.fetched import check_whole, fetched_llms
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.request import Answer, Request
from slt_lib.pose.errors import MissingPartError, SLTError

HEADS = ("GLOSSES:", "GERMAN:")
HEAD = HEADS[0]
GET = (
    "`make small-llm` fetches a small one, `make gemma` a better one; SLT_LLM names a folder or a "
    "GGUF file of your own."
)


def find_llm(named: str | Path = "") -> Path | None:
    """A model on this machine: the named one, `SLT_LLM`, or one that was fetched.

    Args:
        named: Folder, GGUF file, or the name of a fetched one, "gemma" or "small". Empty to look
            in the other places; of those that were fetched, Gemma comes first.

    Chapter: 13_novel_sentences
    """
    named, fetched = str(named) or os.environ.get("SLT_LLM", ""), fetched_llms()
    if named in fetched:
        return fetched[named]
    if named:
        return Path(named) if Path(named).exists() else None
    return next(iter(fetched.values()), None)


class LocalModel:
    """A causal language model that completes a list of examples, each text of an answer one pair.

    It needs no instructions, so that a model that was only pre-trained does.

    Args:
        path: A GGUF file, or a folder as `save_pretrained` makes it.
        constrain: "pairs" decodes glosses and words from the request's lists only, "glosses" only
            the glosses, "" nothing: then the model writes what it likes.
        text_first: Whether the text comes before its glosses, so that it is the glosses that have
            to follow the text.

    Raises:
        MissingPartError: If there is no such model, or the extra `llm` isn't installed.
        SLTError: If it can't be loaded, isn't the file that was fetched, `constrain` is none of the
            three, or a text that isn't constrained should come first.

    Chapter: 13_novel_sentences
    """

    one_each = True

    def __init__(
        self, path: str | Path, *, constrain: str = "pairs", text_first: bool = False
    ) -> None:  # fmt: skip
        if constrain not in ("pairs", "glosses", ""):
            raise SLTError(f"{constrain!r} constrains nothing.", fix='Use "pairs", "glosses", "".')
        if text_first and constrain == "glosses":
            raise SLTError("A free text can't come first.", fix='Use constrain="pairs" or "".')
        path = Path(path)
        if not path.exists():
            raise MissingPartError("There is no such model.", file=path, fix=GET)
        check_whole(path)
        self.constrain, self.text_first = constrain, text_first
        self.heads = HEADS[::-1] if text_first else HEADS
        how = (constrain or "free") + (", text first" if text_first else "")
        self.name = f"{path.stem if path.is_file() else path.name} ({how})"
        self.tokenizer, self.model = _load(path)

    def answer(self, request: Request) -> Answer:
        """As many completions as pairs are asked for; the examples are read once for all of them.

        Returns:
            `n` texts of one pair each.
        """
        import torch
        from transformers import LogitsProcessorList

        prompt = render(request.examples, text_first=self.text_first)
        ids = self.tokenizer(prompt, return_tensors="pt").input_ids  # [1, T]
        with torch.inference_mode(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(request.seed)
            read = self.model(ids[:, :-1], use_cache=True).past_key_values
            read.batch_repeat_interleave(request.n)
            ids = ids.repeat(request.n, 1)
            written = self.model.generate(
                ids, attention_mask=torch.ones_like(ids), past_key_values=read,
                logits_processor=LogitsProcessorList(self._constraint(request)),
                max_new_tokens=request.max_tokens, do_sample=True, top_k=0, top_p=1.0,
                temperature=request.temperature, pad_token_id=self.tokenizer.eos_token_id,
                **({} if self.constrain else {"stop_strings": ["\n\n"],
                                              "tokenizer": self.tokenizer}),
            )[:, ids.shape[1]:]  # fmt: skip
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        ends = written == self.tokenizer.eos_token_id
        texts = tuple(map(self._turned, texts, ends.any(1).tolist()))
        return Answer(texts, ids.shape[1], int((~ends).sum()), self.name)

    def _turned(self, written: str, ended: bool) -> str:
        """What was written after the first head, with both heads and the glosses first.

        Glosses that come last and were cut off aren't a pair's.
        """
        if not self.text_first:
            return HEAD + written
        if self.constrain and not ended:
            return HEADS[1] + written
        text, _, glosses = written.partition(f"\n{HEAD}")
        return f"{HEAD} {glosses.split(chr(10))[0].strip()}\n{HEADS[1]} {text.strip()}"

    def _constraint(self, request: Request) -> list:
        if not self.constrain:
            return []
        whole = self.constrain == "pairs" and request.words
        return [
            PairConstraint(
                WordTree(request.glosses, self._encode),
                WordTree([*request.words, "."], self._encode) if whole else None,
                between=self._encode(f"\n{self.heads[1]}"), stop=self.tokenizer.eos_token_id,
                full_stop=self._encode(" .")[-1], text_first=self.text_first,
            )
        ]  # fmt: skip

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False).input_ids


def render(examples: Sequence[Pair], *, text_first: bool = False) -> str:
    """The examples as a text that the model goes on with.

    Args:
        examples: Pairs.
        text_first: Whether each text comes before its glosses.

    Chapter: 13_novel_sentences
    """
    heads = HEADS[::-1] if text_first else HEADS
    sides = [(" ".join(p.glosses), p.text)[:: -1 if text_first else 1] for p in examples]
    shown = (f"{heads[0]} {one}\n{heads[1]} {other}\n\n" for one, other in sides)
    return "".join(shown) + heads[0]


def _load(path: Path):
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError as error:
        raise MissingPartError(
            f"A local language model needs {error.name}.", fix="pip install 'slt-book[llm]'"
        ) from error
    where, which = (path.parent, {"gguf_file": path.name}) if path.is_file() else (path, {})
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True, **which)
        model = AutoModelForCausalLM.from_pretrained(
            where, dtype=torch.float32, local_files_only=True, **which
        )
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:200]
        raise SLTError(f"It can't be loaded ({reason}).", file=path, fix=GET) from error
    return tokenizer, model.eval()
