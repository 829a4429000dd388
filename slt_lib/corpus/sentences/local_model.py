"""A language model in one's own hands: a folder or a GGUF file, through `transformers`."""

import os
from collections.abc import Sequence
from pathlib import Path

from slt_lib.corpus.sentences.constrained import PairConstraint, WordTree
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.request import Answer, Request
from slt_lib.pose.errors import MissingPartError, SLTError

SMALL = "SmolLM2-135M-Instruct"  # what `make small-llm` fetches
HEAD, BETWEEN = "GLOSSES:", "\nGERMAN:"
GET = "`make small-llm` fetches a small one; SLT_LLM names a folder or a GGUF file of your own."


def find_llm(named: str | Path = "") -> Path | None:
    """A model on this machine: the named one, `SLT_LLM`, or what `make small-llm` has fetched.

    Args:
        named: Folder or GGUF file; empty to look in the other two places.

    Chapter: 13_novel_sentences
    """
    named = str(named) or os.environ.get("SLT_LLM", "")
    if named:
        return Path(named) if Path(named).exists() else None
    for root in (Path.cwd(), Path(__file__).parents[3]):
        found = sorted((root / ".models").glob("**/*.gguf"))
        if found:
            return found[0]
    return None


class LocalModel:
    """A causal language model that completes a list of examples, each text of an answer one pair.

    Args:
        path: A GGUF file, or a folder as `save_pretrained` makes it.
        constrain: "pairs" decodes glosses and words from the request's lists only, "glosses" only
            the glosses, "" nothing: then the model writes what it likes.

    Raises:
        MissingPartError: If there is no such model, or the extra `llm` isn't installed.
        SLTError: If it can't be loaded, or `constrain` is none of the three.

    Chapter: 13_novel_sentences
    """

    one_each = True

    def __init__(self, path: str | Path, *, constrain: str = "pairs") -> None:
        if constrain not in ("pairs", "glosses", ""):
            raise SLTError(f"{constrain!r} constrains nothing.", fix='Use "pairs", "glosses", "".')
        path = Path(path)
        if not path.exists():
            raise MissingPartError("There is no such model.", file=path, fix=GET)
        self.constrain = constrain
        self.name = f"{path.stem if path.is_file() else path.name}" + (
            f" ({constrain})" if constrain else " (free)"
        )
        self.tokenizer, self.model = _load(path)

    def answer(self, request: Request) -> Answer:
        """As many completions as pairs are asked for; the examples are read once for all of them.

        Returns:
            `n` texts of one pair each.
        """
        import torch
        from transformers import LogitsProcessorList

        prompt = render(request.examples)
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
        tokens = int((written != self.tokenizer.eos_token_id).sum())
        return Answer(tuple(HEAD + t for t in texts), ids.shape[1], tokens, self.name)

    def _constraint(self, request: Request) -> list:
        if not self.constrain:
            return []
        whole = self.constrain == "pairs" and request.words
        return [
            PairConstraint(
                WordTree(request.glosses, self._encode),
                WordTree([*request.words, "."], self._encode) if whole else None,
                between=self._encode(BETWEEN), stop=self.tokenizer.eos_token_id,
                full_stop=self._encode(" .")[-1],
            )
        ]  # fmt: skip

    def _encode(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False).input_ids


def render(examples: Sequence[Pair]) -> str:
    """The examples as a text that the model goes on with."""
    shown = (f"{HEAD} {' '.join(p.glosses)}{BETWEEN} {p.text}\n\n" for p in examples)
    return "".join(shown) + HEAD


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
