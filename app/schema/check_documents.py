"""Cross checks of the documents records declare."""

from collections.abc import Iterator
from pathlib import Path

from app.schema.grants import VERBS
from app.schema.record import Line, Record
from app.schema.registry import Registry

TEMPLATES = Path(__file__).resolve().parents[1] / "panel" / "documents"


def faults_of(record: type[Record], registry: Registry) -> Iterator[str]:
    """What is wrong with the documents of one record, each with its cure."""
    names = [document.name for document in record.documents]
    if names and issubclass(record, Line):
        yield "is a Line and has documents: let what it is a part of have them"
    steps = {f"step:{step.name}" for step in record.workflow.steps} if record.workflow else set()
    for document in record.documents:
        what = f"document {document.name!r}"
        if names.count(document.name) > 1:
            yield f"{what} is there twice: give each a name of its own"
        if not document.groups and document.letter is None:
            yield f"{what} says nothing: give it groups=(Group(…),) or letter="
        for field in (field for group in document.groups for field in group.fields):
            if not hasattr(record, field):
                yield f"{what} tells {field!r}, which is no field of it"
        for name, fields in document.lines.items():
            line = registry.get(name)
            if line is None or _whole(line) is not record:
                yield f"{what} lists {name!r}, which is no part of it"
                continue
            for field in (field for field in fields if not hasattr(line, field)):
                yield f"{what} lists {field!r}, which is no field of {name}"
        rights = (*VERBS, *sorted(steps))
        if document.right not in rights:
            yield f"{what} wants the right {document.right!r}, which is none: one of {', '.join(rights)}"
        if document.states and record.workflow is None:
            yield f"{what} stands in states, and there is no workflow: leave states= out"
        if not (TEMPLATES / f"{document.template}.typ").is_file():
            yield f"{what} is drawn by {document.template}.typ, which is not in app/panel/documents"


def _whole(line: type[Record]) -> type[Record] | None:
    return line.parent_record() if issubclass(line, Line) else None
