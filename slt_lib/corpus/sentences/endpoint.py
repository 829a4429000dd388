"""A language model behind an OpenAI-compatible endpoint: Ollama, vLLM, `transformers serve`, ..."""

import os

from slt_lib.corpus.sentences.parse import schema
from slt_lib.corpus.sentences.request import INSTRUCTION, Answer, Request
from slt_lib.pose.errors import MissingPartError, SLTError

KEPT = "Answers so far are kept: run again, and only what is missing is asked."
NO_SCHEMA = (400, 404, 422, 501)  # what servers say to a response_format that they don't know


class Endpoint:
    """Asks through the `openai` client, with its retries and back-off.

    Args:
        model: Its name there.
        url: Of the endpoint, such as http://localhost:11434/v1; `OPENAI_BASE_URL` by default.
        key: `OPENAI_API_KEY` by default; servers of one's own mostly want none. It is sent to the
            endpoint and written nowhere.
        timeout: Seconds for one answer.
        retries: After a failed connection, a time-out, "too many requests" (Retry-After is obeyed
            up to a minute) or a server's error, each after a longer wait.
        structured: Ask for an answer by JSON schema; given up where the endpoint refuses it.

    Raises:
        MissingPartError: If the `openai` package isn't installed.
        SLTError: If there is no model's name.

    Chapter: 13_novel_sentences
    """

    one_each = False

    def __init__(
        self, model: str, *, url: str = "", key: str = "", timeout: float = 120.0,
        retries: int = 5, structured: bool = True,
    ) -> None:  # fmt: skip
        if not model:
            raise SLTError("An endpoint needs the name of a model.", fix="Give model=...")
        try:
            import openai
        except ImportError as error:
            raise MissingPartError(
                "Endpoints need the openai package.", fix="pip install 'slt-book[llm]'"
            ) from error
        self.name, self.structured, self._openai = model, structured, openai
        self.url = url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1"
        self.client = openai.OpenAI(
            base_url=self.url, api_key=key or os.environ.get("OPENAI_API_KEY") or "none",
            timeout=timeout, max_retries=retries,
        )  # fmt: skip

    def answer(self, request: Request) -> Answer:
        """One answer with up to `request.n` pairs.

        Raises:
            SLTError: If there is none, for whatever reason.
        """
        try:
            try:
                return self._read(self._send(request))
            except self._openai.APIStatusError as error:
                if not self.structured or error.status_code not in NO_SCHEMA:
                    raise
                self.structured = False  # in words then; they are validated all the same
                return self._read(self._send(request))
        except self._openai.OpenAIError as error:
            raise self._explained(error) from error

    def _send(self, request: Request):
        how = {}
        if self.structured:
            form = {"name": "pairs", "schema": schema(request.glosses, request.n)}
            how["response_format"] = {"type": "json_schema", "json_schema": form | {"strict": True}}
        return self.client.chat.completions.create(
            model=self.name,
            messages=[
                {"role": "system", "content": INSTRUCTION},
                {"role": "user", "content": question(request)},
            ],
            temperature=request.temperature, seed=request.seed,
            max_tokens=request.max_tokens * request.n, **how,
        )  # fmt: skip

    def _read(self, found) -> Answer:
        try:
            texts = tuple(choice.message.content or "" for choice in found.choices)
            usage = found.usage
            used = (usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else (0, 0)
            if not texts or not all(isinstance(text, str) for text in texts):
                raise TypeError("no choices")
        except (AttributeError, TypeError) as error:
            raise SLTError(
                f"{self.url} answered with something that is no chat completion ({error}).",
                fix=f"Is it an OpenAI-compatible endpoint, with /v1 in its address? {KEPT}",
            ) from error
        return Answer(texts, *used, str(found.model or self.name))

    def _explained(self, error: Exception) -> SLTError:
        o, status = self._openai, getattr(error, "status_code", None)
        if isinstance(error, o.APITimeoutError):
            what, fix = "took too long to answer", "Raise the timeout, or ask for fewer pairs."
        elif isinstance(error, o.APIConnectionError):
            what, fix = "can't be reached", "Is the server running, and the address right?"
        elif isinstance(error, o.RateLimitError):
            what, fix = "says 'too many requests'", "Lower requests_per_minute, or wait."
        elif status in (401, 403):
            what, fix = f"refuses us ({status})", "Check the key (OPENAI_API_KEY)."
        elif status == 404:
            what, fix = f"knows no model {self.name!r} (404)", "Check its name and the address."
        elif status is not None:
            what, fix = f"answers with an error ({status})", "Look into the server's log."
        else:
            what, fix = f"gave no readable answer ({type(error).__name__})", "Is it a right one?"
        return SLTError(f"{self.url} {what}.", fix=f"{fix} {KEPT}")


def question(request: Request) -> str:
    """What the endpoint is asked, in words.

    Args:
        request: The request.

    Chapter: 13_novel_sentences
    """
    shown = "\n".join(pair.line for pair in request.examples)
    return (
        f"The glosses that may be used:\n{' '.join(request.glosses)}\n\n"
        f"Examples, one per line, glosses first:\n{shown}\n\n"
        f"Write {request.n} new pairs. Answer with JSON: "
        '{"pairs": [{"glosses": ["...", "..."], "text": "..."}, ...]}'
    )
