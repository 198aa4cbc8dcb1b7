"""What the system tells people is said in the language of whoever reads it, with a request or without one."""

import ast

import pytest
from babel.messages.pofile import read_po
from sqlalchemy import literal, select

from app.cli.words import TRANSLATIONS, translated
from app.kernel import comments, wording
from app.kernel.actor import acting, system_actor
from app.kernel.identity.tables import UserPreference
from app.kernel.outbox import tell, tell_all
from app.kernel.tables import Notice
from app.schema.wording import Label, Sentence
from config import HERE
from tests.factories import make
from tests.gadget import Gadget

SAID = Sentence("%(who)s hands over to you %(what)s · %(why)s", who="Li", what=(Label("Renewals"),) * 2, why="holiday")


@pytest.fixture
def sqlite(request, sqlite_backend):
    sqlite_backend.reset()
    return sqlite_backend


@pytest.fixture
def readers(sqlite):
    """A session, and users who chose Chinese, English, a language nobody speaks here, and none."""
    people = sqlite.people
    with sqlite.session() as session, acting(system_actor("tests")):
        for name, locale in (("sales", "zh_Hans"), ("claims", "en"), ("service", "tlh")):
            session.add(UserPreference(user_id=people[name].user_id, locale=locale))
        session.flush()
        yield session, {name: people[name].user_id for name in ("sales", "claims", "service", "renewal")}


def told(session):
    return dict(session.execute(select(Notice.user_id, Notice.subject)).all())


CHINESE, ENGLISH = "Li向您移交续保、续保 · holiday", "Li hands over to you Renewals, Renewals · holiday"


def test_each_reader_is_told_in_the_language_he_or_she_chose_else_in_the_houses(readers, monkeypatch):
    session, ids = readers
    for name, user_id in ids.items():
        tell(session, name, user_id, SAID, SAID)
    assert told(session) == {ids[n]: CHINESE if n == "sales" else ENGLISH for n in ids}
    assert set(session.execute(select(Notice.subject == Notice.body)).scalars()) == {True}, "the body too"
    monkeypatch.setattr(wording, "_house", "zh_Hans")
    rows = [{"dedupe_key": f"2{n}", "channel": "app", "user_id": ids[n], "subject": SAID, "body": ""} for n in ids]
    assert tell_all(session, rows) == 4
    late = select(Notice.user_id, Notice.subject).where(Notice.dedupe_key.startswith("2"))
    assert dict(session.execute(late).all()) == {ids[n]: ENGLISH if n == "claims" else CHINESE for n in ids}


def test_a_column_of_readers_is_told_in_their_languages_by_one_statement(readers, monkeypatch):
    session, ids = readers
    for name, user_id in ids.items():
        tell(session, name, user_id, Sentence("x"))
    said = wording.by_language(Notice.user_id, lambda language: wording.told(Sentence("Renewals"), language))
    found = dict(session.execute(select(Notice.user_id, said)).all())
    assert found == {ids[n]: "续保" if n == "sales" else "Renewals" for n in ids}
    monkeypatch.setattr(wording, "_known", frozenset({"en"}))
    alone = wording.by_language(Notice.user_id, lambda language: literal(wording.told(Sentence("Renewals"), language)))
    assert set(session.scalars(select(alone).select_from(Notice))) == {"Renewals"}, "where one language is all there is"


def test_somebodys_own_words_stay_as_they_are_and_a_bare_subject_is_refused(readers):
    session, ids = readers
    tell(session, "k", ids["sales"], Sentence("%(what)s · %(why)s", what="Renewals", why="100 % sure"), "Renewals")
    assert session.execute(select(Notice.subject, Notice.body)).all() == [("Renewals · 100 % sure", "Renewals")]
    with pytest.raises(TypeError, match="make its subject a Sentence"):
        tell(session, "l", ids["sales"], "Renewals for you")


def test_a_mention_reaches_its_reader_in_his_or_her_language(readers, sqlite):
    session, ids = readers
    session.add(UserPreference(user_id=ids["renewal"], locale="zh_Hans"))
    row = make(session, Gadget, sqlite.people["renewal"], code="A")
    comments.say(session, row, "look @renewal")
    assert "提到您" in told(session)[ids["renewal"]]


def sentences_of(source):
    """The first arguments of every ``Sentence(…)`` in a module: a text, the name of a constant, or what is neither."""
    tree = ast.parse(source)
    named = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
            first = node.args[0]
            known = first.value if isinstance(first, ast.Constant) else named.get(getattr(first, "id", ""))
            yield known if isinstance(known, str) else f"line {first.lineno}: {ast.unparse(first)}"


def test_what_notices_say_stands_in_the_code_and_is_translated():
    with (TRANSLATIONS / "zh_Hans" / "LC_MESSAGES" / "messages.po").open("rb") as handle:
        chinese = {entry.id for entry in read_po(handle) if isinstance(entry.id, str) and translated(entry.string)}
    files = [file for room in ("app", "models", "views") for file in (HERE / room).rglob("*.py")]
    said = {(file.name, text) for file in files for text in sentences_of(file.read_text(encoding="utf-8"))}
    assert len(said) > 15
    assert {pair for pair in said if pair[1] not in chinese} == set()


def test_a_sentence_nobody_can_translate_is_noticed():
    assert list(sentences_of('A = "Said"\nSentence(A)\nSentence("So")\nSentence(f"{x} so")\nSentence(B)')) == [
        "Said",
        "So",
        "line 4: f'{x} so'",
        "line 5: B",
    ]
