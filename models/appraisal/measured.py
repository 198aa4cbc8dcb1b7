"""Kinds of what is declared, or kept by administrators, and named in rows: a measure, a role."""

from typing import Any

from app.schema.kinds import BadValue, Kind, at_most
from app.schema.registry import registry
from app.schema.roles import Role


def _names() -> list[str]:
    return sorted(measure.name for measure in registry.measures)


def _measure(raw: Any) -> str:
    if (name := str(raw)) in registry.measures:
        return name
    raise BadValue("no measure is called %(name)s; choose one of: %(known)s", name=name, known=", ".join(_names()))


def _words(name: Any, reader: Any) -> str:
    measure = registry.measures.get(str(name))
    return str(name) if measure is None else reader.say(measure.label)


MEASURE = Kind(
    "measure",
    _measure,
    "select",
    operators=("eq",),
    longest=80,
    words=_words,
    rules=(at_most(80),),
    suggest=_names,
    example=lambda number, language: _names()[number % len(registry.measures)],
)
ROLE = Kind(
    "role",
    str,
    "suggest",
    longest=64,
    words=lambda name, reader: reader.say(str(name)),
    rules=(at_most(64),),
    suggest=lambda: sorted(Role),
    example=lambda number, language: sorted(Role)[number % len(Role)].value,
)
