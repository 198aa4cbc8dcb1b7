"""Saying a `Sentence` in the language of who will read it, within a request or without one.

The reader's language is the one he or she chose (`UserPreference`), else the house's. A sentence is said when it is
told, not when it is looked at: what the outbox keeps is what the reader got, by mail as behind the bell.
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from sqlalchemy import ColumnElement, case, select
from sqlalchemy.orm import Session

from app.kernel.identity.tables import UserPreference
from app.schema.wording import Label, Sentence, Told

ENGLISH = "en"
"""The language the sentences are written in; it needs no catalogue."""
_house, _known, _folder = ENGLISH, frozenset({ENGLISH}), Path()


def set_languages(house: str, known: Iterable[str], folder: Path) -> None:
    """Say in `house` what is told to people who chose no language of the `known` ones; `folder` has the catalogues."""
    global _house, _known, _folder
    _house, _known, _folder = house, frozenset(known), folder
    _catalogue.cache_clear()


def house_language() -> str:
    """The language of who chose none, and of who is no user."""
    return _house


def languages() -> list[str]:
    """The languages people are told things in, the house's first."""
    return [_house, *sorted(_known - {_house})]


def languages_of(session: Session, user_ids: Iterable[int | None]) -> dict[int | None, str]:
    """The language of each of these users; None is somebody who is no user."""
    wanted = dict.fromkeys(user_ids, _house)
    ids = [user_id for user_id in wanted if user_id is not None]
    chosen = select(UserPreference.user_id, UserPreference.locale).where(UserPreference.user_id.in_(ids))
    for user_id, language in session.execute(chosen) if ids else ():
        if language in _known:
            wanted[user_id] = language
    return wanted


def by_language(reader: Any, say: Callable[[str], Any]) -> ColumnElement[Any]:
    """What `say` makes of the language of a column of users, for set-based jobs: one statement for all languages."""
    chosen = select(UserPreference.locale).where(UserPreference.user_id == reader).scalar_subquery()
    others = [(chosen == language, say(language)) for language in sorted(_known - {_house})]
    return case(*others, else_=say(_house)) if others else say(_house)


def told(what: object, language: str) -> str:
    """Say a sentence in a language; anything else as it is."""
    if isinstance(what, Sentence):
        said = _said(what.msgid, language)
        return said % {name: told(value, language) for name, value in what.places.items()} if what.places else said
    if isinstance(what, Label):
        return _said(what.msgid, language)
    if isinstance(what, list | tuple):
        return ("、" if language.startswith("zh") else ", ").join(told(each, language) for each in what)
    return str(what)


def _said(msgid: str, language: str) -> str:
    """The catalogue's header is kept under the empty sentence."""
    if isinstance(msgid, Told):
        return msgid.said(language)
    return _catalogue(language).gettext(msgid) if msgid else ""


@lru_cache
def _catalogue(language: str) -> NullTranslations:
    return Translations.load(_folder, [language]) if language != ENGLISH else NullTranslations()
