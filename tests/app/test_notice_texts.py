"""Notices in the department's own words: by topic and language, checked, looked at first, taken back."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from app.kernel import adapting, carrying, notice_texts, tailoring
from app.kernel.actor import acting
from app.kernel.identity.tables import UserPreference
from app.kernel.outbox import tell
from app.kernel.tables import Notice
from app.kernel.tailoring import NOTICE
from app.schema import tailored
from app.schema.errors import Invalid
from app.schema.registry import registry
from app.schema.wording import Sentence
from tests.conftest import Backend
from tests.screens import post

TOPIC = "claims.surveyed"
ADDRESS = f"/customise/notices/{TOPIC}"
OWN = {
    "subject": {"zh_Hans": "案件 %(claim)s 查勘完毕（%(survey)s），100% 属实"},
    "body": {"zh_Hans": "请尽快处理。\n\n%(text)s"},
}


@pytest.fixture
def backend(sqlite_backend: Backend) -> Any:
    sqlite_backend.reset()
    yield sqlite_backend
    tailored.put_in_force(tailored.Tailored())


def change(backend: Backend, people: Any, body: Any, name: str = TOPIC) -> None:
    with backend.session() as session, acting(people["admin"]):
        adapting.change(session, NOTICE, name, body)
        session.commit()


def told(backend: Backend, people: Any, key: str) -> dict[str, tuple[str, str]]:
    """What a reader of each language is told of a survey."""
    with backend.session() as session, acting(people["admin"]):
        for name, language in (("sales", "zh_Hans"), ("claims", "en")):
            session.merge(UserPreference(user_id=people[name].user_id, locale=language))
        session.flush()
        tailoring.keep_up(session)
        for name in ("sales", "claims"):
            said = registry.topics[TOPIC].says(survey="S-1", claim="C-1 %(text)s")
            tell(session, f"{key}/{name}", people[name].user_id, said, "Found: 50 %")
        session.commit()
        rows = select(Notice.user_id, Notice.subject, Notice.body).where(Notice.dedupe_key.startswith(f"{key}/"))
        names = {people[name].user_id: name for name in ("sales", "claims")}
        return {names[row.user_id]: (row.subject, row.body) for row in session.execute(rows)}


DECLARED = "Survey S-1 of claim C-1 %(text)s is reported.", "Found: 50 %"


def test_own_words_are_told_in_their_language_and_the_declared_ones_in_the_others(backend: Any, people: Any) -> None:
    before = told(backend, people, "before")
    assert before["claims"] == DECLARED
    change(backend, people, OWN)
    after = told(backend, people, "after")
    assert after["sales"] == (
        "案件 C-1 %(text)s 查勘完毕（S-1），100% 属实",
        "请尽快处理。\n\nFound: 50 %",
    ), "what fills a place is no place itself"
    assert after["claims"] == DECLARED
    with backend.session() as session, acting(people["admin"]):
        adapting.undo(session, adapting.changes(session)[0].id)
        session.commit()
    assert told(backend, people, "undone") == before


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ("subject", "%(customer)s"),
        ("subject", "%(text)s"),
        ("subject", "%(claim) is done"),
        ("body", "%(claim)d"),
        ("subject", "x" * 201),
    ],
)
def test_a_place_that_is_not_offered_and_what_is_too_long_is_refused(
    backend: Any, people: Any, part: str, text: str
) -> None:
    body = {"subject": {}, "body": {}, part: {"en": text}}
    with pytest.raises(Invalid) as refused:
        change(backend, people, body)
    assert set(refused.value.problems) == {f"{part}.en"}


@pytest.mark.parametrize("name", ["nothing.such", "watching"])
def test_only_a_topic_with_one_sentence_has_a_text(backend: Any, people: Any, name: str) -> None:
    with pytest.raises(Invalid, match="no such text"):
        change(backend, people, OWN, name)


def test_every_declared_sentence_offers_its_places() -> None:
    for topic in notice_texts.worded():
        places = {place: f"<{place}>" for place in notice_texts.places_of(topic, "subject")}
        assert notice_texts.filled(topic.subject, places) == topic.subject % places


def test_an_administrator_writes_looks_keeps_and_takes_back(backend: Any, people: Any, sign_in: Any) -> None:
    client = sign_in("admin")
    assert TOPIC in client.get("/customise/notices/").text
    fields = {"subject.en": "Look: %(claim)s", "body.en": "%(text)s!"}
    page = post(client, ADDRESS, preview="yes", **fields).text
    assert "Look: ‹claim›" in page
    assert "‹text›!" in page
    assert told(backend, people, "looked")["claims"] == DECLARED, "looking keeps nothing"
    answer = post(client, ADDRESS, **fields | {"subject.en": "%(nobody)s"})
    assert answer.status_code == 422
    assert "%(claim)s" in answer.text
    assert "%(nobody)s" in answer.text, "nothing typed is lost"
    assert post(client, ADDRESS, **fields).status_code == 303
    assert told(backend, people, "kept")["claims"] == ("Look: C-1 %(text)s", "Found: 50 %!")
    page = client.get("/customise/").text
    assert "text changed" in page
    [undo] = re.findall(r'action="(/customise/undo/\d+)"', page)[:1]
    post(client, undo)
    assert told(backend, people, "back")["claims"] == DECLARED
    post(client, ADDRESS, **fields)
    post(client, ADDRESS, declared="yes", **fields)
    assert told(backend, people, "again")["claims"] == DECLARED


def test_it_is_the_administrators_business(backend: Any, sign_in: Any) -> None:
    client = sign_in("manager")
    assert client.get("/customise/notices/").status_code == 403
    assert post(client, ADDRESS, **{"subject.en": "x"}).status_code == 403


def test_it_goes_into_the_file_for_another_installation(backend: Any, people: Any) -> None:
    change(backend, people, OWN)
    with backend.session() as session, acting(people["admin"]):
        file = carrying.read(json.dumps(carrying.written(session)).encode())
        adapting.change(session, NOTICE, TOPIC, None)
        [difference] = carrying.differences(session, file)
        assert (difference.what, difference.name, difference.after) == (NOTICE, TOPIC, OWN)
        assert carrying.carry(session, file) == 1
        assert adapting.document(session, NOTICE, TOPIC) == OWN


def test_what_was_said_on_no_topic_stays_as_it_is(backend: Any, people: Any) -> None:
    change(backend, people, OWN)
    assert notice_texts.said(Sentence("Said"), "Text", "en") == ("Said", "Text")
