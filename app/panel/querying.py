"""What the address of a list of the API asks. Unlike that of a screen it is obeyed to the letter or refused.

A program that misspells a filter must not be given all rows as if they were those it asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from app.kernel.actor import current_actor
from app.kernel.fields import hidden
from app.kernel.spelling import SPELLING
from app.panel.filters import ME, MOST, parameters
from app.panel.listing import END, SIZES, Asked, asked
from app.panel.problems import WrongParameter
from app.schema.errors import Refusal
from app.schema.record import Record, computed_of, many_of, stored

PLACES = ("after", "before")
SPLIT = ("fields",)
OWN = ("q", "order", "psize", *PLACES, *SPLIT)
"""The parameters of every list, besides its filters."""
ALWAYS = ("id", "version")
"""Fields that are answered whatever was asked for."""


@dataclass(frozen=True)
class Query:
    """What is asked: which rows in which order, and of them which fields (None: all)."""

    asked: Asked
    fields: frozenset[str] | None


def query(session: Session, record: type[Record], args: "MultiDict[str, str]") -> Query:
    """Read the address. Raises `WrongParameter` naming each parameter that is not known or cannot be read."""
    what = asked(session, record, args)
    problems: dict[str, str | Refusal] = {}
    known = {*OWN, *(name for each in what.chosen.filters for name in parameters(each))}
    for name in args.keys() - known:
        problems[name] = Refusal("There is no such parameter.")
    for each, problem in what.chosen.faulty:
        problems.setdefault(next((name for name in parameters(each) if args.get(name)), each.field.key), problem)
    if args.get("watched") not in (None, "", ME):
        problems["watched"] = Refusal("choose one of: %(choices)s", choices=ME)
    for name in known & {name for name in args if len(args.getlist(name)) > MOST}:
        problems[name] = Refusal("Send at most %(most)d values.", most=MOST)
    order, size = args.get("order", ""), args.get("psize", "")
    if order and (order.removeprefix("-") not in what.sortable or order != what.order.written):
        names = ", ".join(sorted(what.sortable))
        problems["order"] = Refusal("Order by one of: %(names)s; with - before it, downwards.", names=names)
    if size and size not in map(str, SIZES):
        problems["psize"] = Refusal("choose one of: %(choices)s", choices=", ".join(map(str, SIZES)))
    for name in PLACES:
        if (place := args.get(name)) and not (place == END and name == "before") and what.order.place(place) is None:
            problems[name] = Refusal("Take this from the page before or after, as it was answered there.")
    fields = frozenset(name for text in args.getlist("fields") for name in text.split(",") if name)
    readable = readable_names(record)
    if wrong := fields - set(readable):
        problems["fields"] = Refusal("There is no such field: %(names)s.", names=", ".join(sorted(wrong)))
    if problems:
        raise WrongParameter(problems)
    return Query(what, fields | set(ALWAYS) if fields else None)


def readable_names(record: type[Record]) -> Iterator[str]:
    """The fields of a record as the API shows them, of those the current actor reads in some row."""
    gone = hidden(current_actor(), record).always
    for name in (*stored(record), *computed_of(record), *many_of(record)):
        if name not in gone and name != SPELLING:
            yield name
