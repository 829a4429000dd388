"""A tiny language of pairs, and a real HTTP server that answers like an endpoint, or doesn't."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.dictionary import Dictionary
from slt_lib.dictionary.quality import SignQuality
from slt_lib.dictionary.sign import Sign

PLACES = {"NORD": "norden", "SUED": "süden", "WEST": "westen", "OST": "osten"}
WEATHER = {"REGEN": "regnet es", "SCHNEE": "schneit es", "SONNE": "scheint die sonne"}
TIMES = {"MORGEN": "morgen", "HEUTE": "heute"}
NUMBERS = ("ACHT", "ZEHN")


def toy_pairs() -> list[Pair]:
    """All sentences of the tiny language but every fifth."""
    every = [
        Pair((t, p, w), f"{when} {verb.split()[0]} im {where} {' '.join(verb.split()[1:])} .")
        for t, when in TIMES.items()
        for p, where in PLACES.items()
        for w, verb in WEATHER.items()
    ]
    return [pair for i, pair in enumerate(every) if i % 5]


def toy_dictionary() -> Dictionary:
    """A sign for each of its glosses."""

    def unread():
        raise AssertionError("no pose is needed")

    good = SignQuality(9, 1.0, 1.0, verdict="good")
    glosses = (*PLACES, *WEATHER, *TIMES, *NUMBERS)
    return Dictionary(Sign(gloss, 25.0, 9, unread, quality=good) for gloss in glosses)


def completion(content: str | None, *, tokens: int = 10) -> dict:
    """What an endpoint sends for one answer."""
    return {
        "id": "1", "object": "chat.completion", "created": 0, "model": "toy-1",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": content}}],
        "usage": {"prompt_tokens": tokens, "completion_tokens": tokens,
                  "total_tokens": 2 * tokens},
    }  # fmt: skip


def said(*pairs: Pair) -> dict:
    """The answer of a model that keeps to the schema."""
    rows = [{"glosses": list(p.glosses), "text": p.text} for p in pairs]
    return completion(json.dumps({"pairs": rows}, ensure_ascii=False))


class Server:
    """What was asked, and what is answered next.

    Attributes:
        asked: Bodies of the requests so far.
        replies: One per request, the last for ever: a dict (200), a number (that status), a
            (number, headers), bytes (200, as they are), a float (seconds to wait, then 200), or
            None (the connection is dropped).
    """

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.replies: list = [said()]
        self.url = ""


@contextmanager
def endpoint():
    """A server on a free port of this machine."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.asked.append(json.loads(body))
            reply = state.replies[min(len(state.asked), len(state.replies)) - 1]
            if callable(reply):
                reply = reply(state.asked[-1])
            if reply is None:
                self.close_connection = True
                return
            if isinstance(reply, float):
                time.sleep(reply)
                reply = said()
            status, headers = 200, {}
            if isinstance(reply, int):
                status, reply = reply, {"error": {"message": f"status {reply}"}}
            elif isinstance(reply, tuple):
                (status, headers), reply = reply, {"error": {"message": "wait"}}
            sent = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
            self.send_response(status)
            kind = "text/html" if isinstance(reply, bytes) else "application/json"
            for name, value in {"Content-Type": kind, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
