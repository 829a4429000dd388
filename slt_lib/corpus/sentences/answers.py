"""Every answer of a language model, kept on disk under the hash of its request."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from slt_lib.corpus.sentences.request import Answer, Request
from slt_lib.pose.errors import SLTError
from slt_lib.pose.io.guard import atomic_write


class Answers:
    """A folder of answers, one file per request, each written whole or not at all.

    Whatever stops a series (a dead endpoint, a spent budget, Ctrl-C), the next one asks only for
    what is missing.

    Args:
        folder: Made when the first answer comes.

    Chapter: 13_novel_sentences
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def get(self, request: Request) -> Answer | None:
        """The answer to a request, if it is there.

        Raises:
            SLTError: If its file is damaged.
        """
        path = self._path(request)
        if not path.is_file():
            return None
        try:
            kept = json.loads(path.read_text("utf8"))["answer"]
            return Answer(**kept | {"texts": tuple(str(t) for t in kept["texts"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SLTError(
                f"It holds no answer ({error}).", file=path, fix="Delete it; it is asked again."
            ) from error

    def ask(self, request: Request, answer: Callable[[Request], Answer]) -> Answer:
        """The kept answer, or a new one, which is kept before anybody sees it."""
        kept = self.get(request)
        if kept is not None:
            return kept
        new = answer(request)
        whole = {"request": asdict(request), "answer": asdict(new)}
        with atomic_write(self._path(request)) as file:
            file.write(json.dumps(whole, ensure_ascii=False, indent=1).encode())
        return new

    def _path(self, request: Request) -> Path:
        return self.folder / f"{request.key}.json"
