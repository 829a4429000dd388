"""Language models behind a real server of ours: down, slow, limited, rambling, dying midway."""

import json

import pytest
from sentence_toys import completion, endpoint, said, toy_dictionary, toy_pairs

from slt_lib.corpus.sentences.answers import Answers
from slt_lib.corpus.sentences.collect import Checks, collect
from slt_lib.corpus.sentences.endpoint import Endpoint
from slt_lib.corpus.sentences.language_model import LanguageModel
from slt_lib.corpus.sentences.limits import BudgetSpentError, Limits, Meter
from slt_lib.corpus.sentences.pairs import Pair
from slt_lib.corpus.sentences.repair import Repair
from slt_lib.corpus.sentences.request import Answer
from slt_lib.pose.errors import SLTError

pytest.importorskip("openai", reason="the extra llm isn't installed")
NEW = [
    Pair(("HEUTE", "OST", "SONNE"), "heute ist im osten sonne ."),
    Pair(("MORGEN", "NORD", "SCHNEE"), "schnee ist morgen im norden ."),
    Pair(("MORGEN", "SUED", "REGEN"), "regen ist morgen im süden ."),
]


@pytest.fixture
def server():
    with endpoint() as state:
        yield state


@pytest.fixture
def train():
    return toy_pairs()


def model(server, **how):
    how = {"key": "secret-key", "retries": 1, "timeout": 5.0} | how
    return Endpoint("toy", url=server.url, **how)


def source(server, folder, train, *, limits=None, requests=4, **how):
    return LanguageModel(
        model(server, **how), train, toy_dictionary().glosses, Answers(folder), n=2, shots=3,
        limits=limits, requests=requests,
    )  # fmt: skip


def checks(train, held_out=()):
    dictionary = toy_dictionary()
    return Checks(Repair(dictionary.glosses, dictionary.lookup), train, held_out)


def kept(folder):
    return sorted(folder.glob("*.json"))


def test_it_is_asked_for_training_pairs_manner_and_dictionary_glosses_only(server, tmp_path, train):
    server.replies = [said(*NEW[:2])]
    found = collect(source(server, tmp_path, train, requests=1), 2, checks(train))
    assert found.pairs == NEW[:2] and found.counts["accepted"] == 2
    asked = server.asked[0]
    form = asked["response_format"]["json_schema"]["schema"]
    allowed = form["properties"]["pairs"]["items"]["properties"]["glosses"]["items"]["enum"]
    assert set(allowed) == set(toy_dictionary().glosses)
    question = asked["messages"][1]["content"]
    shown = [line for line in question.splitlines() if " | " in line]
    assert len(shown) == 3 and set(shown) <= {pair.line for pair in train}
    assert asked["seed"] >= 0


def test_every_answer_is_kept_and_never_asked_for_again(server, tmp_path, train):
    server.replies = [said(*NEW[:2]), said(NEW[2])]
    first = collect(source(server, tmp_path, train), 9, checks(train))
    asked = len(server.asked)
    again = collect(source(server, tmp_path, train), 9, checks(train))
    assert len(server.asked) == asked == 4 and again.record() == first.record()
    assert "secret-key" not in "".join(path.read_text("utf8") for path in kept(tmp_path))


def test_a_server_that_is_down_is_told_and_nothing_is_lost(server, tmp_path, train):
    server.replies = [said(*NEW[:2]), None]
    with pytest.raises(SLTError, match=r"can't be reached.*kept"):
        collect(source(server, tmp_path, train), 9, checks(train))
    assert len(kept(tmp_path)) == 1
    server.replies = [said(NEW[2])]
    server.asked.clear()
    found = collect(source(server, tmp_path, train), 9, checks(train))
    assert found.pairs == NEW and len(server.asked) == 3  # of four, one was there


def test_a_server_that_never_was_is_told(tmp_path, train):
    with endpoint() as gone:
        pass
    with pytest.raises(SLTError, match=r"127\.0\.0\.1.*can't be reached"):
        collect(source(gone, tmp_path, train, retries=0), 1, checks(train))
    assert not kept(tmp_path)


def test_a_slow_server_is_given_up_in_time(server, tmp_path, train):
    server.replies = [3.0]
    with pytest.raises(SLTError, match="took too long"):
        collect(source(server, tmp_path, train, retries=0, timeout=0.2), 1, checks(train))


def test_too_many_requests_are_waited_for_as_the_server_says(server, tmp_path, train):
    server.replies = [(429, {"Retry-After": "1"}), said(NEW[0])]
    found = collect(source(server, tmp_path, train, requests=1), 1, checks(train))
    assert found.pairs == NEW[:1] and len(server.asked) == 2


def test_too_many_requests_for_too_long_are_told(server, tmp_path, train):
    server.replies = [429]
    with pytest.raises(SLTError, match="too many requests"):
        collect(source(server, tmp_path, train), 1, checks(train))


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "OPENAI_API_KEY"), (404, "knows no model 'toy'"), (500, r"an error \(500\)")],
)
def test_refusals_are_told_with_a_remedy(server, tmp_path, train, status, message):
    server.replies = [status]
    with pytest.raises(SLTError, match=message) as told:
        collect(source(server, tmp_path, train, retries=0), 1, checks(train))
    assert "secret-key" not in str(told.value)


def test_a_server_without_schemas_is_asked_in_words(server, tmp_path, train):
    def reply(body):
        if "response_format" in body:
            return 400
        return completion("1. HEUTE OST SONNE | heute ist im osten sonne .\nSure! Anything else?")

    server.replies = [reply]
    found = collect(source(server, tmp_path, train, requests=2, retries=0), 5, checks(train))
    assert found.pairs == NEW[:1] and found.reasons["not a pair"] >= 1
    assert ["response_format" in body for body in server.asked] == [True, False, False]


@pytest.mark.parametrize(
    "reply",
    [b"<html>It works!</html>", {"choices": []}, {"hello": 1}, {"choices": [{"message": 3}]}],
)
def test_what_is_no_chat_completion_is_told_and_not_kept(server, tmp_path, train, reply):
    server.replies = [reply]
    with pytest.raises(SLTError, match="/v1"):
        collect(source(server, tmp_path, train, retries=0), 1, checks(train))
    assert not kept(tmp_path)


def test_rambling_and_unknown_glosses_are_counted(server, tmp_path, train):
    whole = said(*NEW)["choices"][0]["message"]["content"]
    server.replies = [
        completion("I'm sorry, but I can't."),
        completion(None),
        completion('{"pairs": [{"glosses": ["VULKAN"], "text": "ein vulkan ."}, {"glosses": 3}]}'),
        completion(whole[: whole.index("regen ist")]),  # cut off: two of three are whole
    ]
    found = collect(source(server, tmp_path, train), 9, checks(train))
    assert found.pairs == NEW[:2]
    assert found.reasons["unknown gloss"] == 1 and found.reasons["not a pair"] >= 4
    assert found.counts["asked"] == found.counts["accepted"] + sum(found.reasons.values())


def test_sentences_of_test_never_get_through(server, tmp_path, train):
    text, glosses = NEW[0], Pair(NEW[1].glosses, "ganz anders .")
    server.replies = [said(Pair(("OST",), "Heute ist im Osten Sonne!"), NEW[1], NEW[2])]
    found = collect(source(server, tmp_path, train), 9, checks(train, [text, glosses]))
    assert found.pairs == NEW[2:]
    assert found.reasons["text of dev or test"] and found.reasons["glosses of dev or test"]


def test_a_spent_budget_stops_clearly_and_goes_on_later(server, tmp_path, train):
    server.replies = [said(NEW[0]), said(NEW[1]), said(NEW[2])]
    with pytest.raises(BudgetSpentError, match=r"40 of the 30 allowed.*kept"):
        collect(source(server, tmp_path, train, limits=Limits(tokens=30)), 9, checks(train))
    assert len(kept(tmp_path)) == 2
    found = collect(source(server, tmp_path, train, limits=Limits(tokens=90)), 3, checks(train))
    assert found.pairs == NEW and len(server.asked) == 3


def test_money_is_counted_by_prices():
    meter = Meter(Limits(cost=2.0, price_in=1.0, price_out=3.0))
    meter.before()
    meter.after(Answer(("",), tokens_in=500_000, tokens_out=500_000))
    assert meter.cost == pytest.approx(2.0)
    with pytest.raises(BudgetSpentError, match="cost"):
        meter.before()


@pytest.mark.parametrize(("rate", "waits"), [(2, [0, 0, 59, 0]), (0.5, [0, 119, 119, 119])])
def test_requests_per_minute_are_kept(rate, waits):
    now, slept = [0.0], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    meter = Meter(Limits(requests_per_minute=rate), clock=lambda: now[0], sleep=sleep)
    for wait in waits:
        before = len(slept)
        meter.before()
        assert sum(slept[before:]) == pytest.approx(wait, abs=1.01)
        now[0] += 0.5


@pytest.mark.parametrize("how", [{"tokens": -1}, {"cost": 3.0}])
def test_limits_that_make_no_sense_are_refused(how):
    with pytest.raises(SLTError):
        Limits(**how)


def test_a_damaged_answer_is_told_by_name(server, tmp_path, train):
    server.replies = [said(NEW[0])]
    collect(source(server, tmp_path, train, requests=1), 1, checks(train))
    (path,) = kept(tmp_path)
    path.write_text("{", "utf8")
    with pytest.raises(SLTError, match=path.name):
        collect(source(server, tmp_path, train, requests=1), 1, checks(train))
    path.write_text(json.dumps({"answer": {"texts": ["x"], "cats": 3}}), "utf8")
    with pytest.raises(SLTError, match="Delete it"):
        collect(source(server, tmp_path, train, requests=1), 1, checks(train))
