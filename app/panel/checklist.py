"""First steps: what an administrator still has to do before the department works with the panel.

Whether a task is done is found in the database, never ticked; the house may hide the list by a setting.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from app.extensions import db
from app.kernel.actor import Actor, current_actor, on_behalf
from app.kernel.settings import setting_value
from app.panel.labels import translated
from app.schema.kinds import YES_NO
from app.schema.settings import setting

SHOWN = setting("house.first_steps", True, YES_NO, "First steps on the home page of administrators")
ADMINISTERING = ("open", "page:people")


@dataclass(frozen=True)
class Task:
    """A task: its label and what it is for, English and keys of translations; where it is done, and whether it is.

    `done` answers a yes or no, or a condition that is then asked of the database with those of the other tasks.
    `opens` says whether the present person may open the page `endpoint`; else the task has no link. A `passing` task is
    told only while there is something to do.
    """

    label: str
    why: str
    done: Callable[[Session], "bool | ColumnElement[bool]"]
    endpoint: str = ""
    opens: Callable[[Actor], bool] = lambda actor: True
    passing: bool = False


@dataclass(frozen=True)
class Told:
    """A task in the language of who reads it; `url` is empty where there is nothing to open."""

    label: str
    why: str
    done: bool
    url: str


_tasks: list[Task] = []


def add_task(task: Task) -> None:
    """Add a task to the end of the list."""
    _tasks.append(task)


def checklist() -> list[Told]:
    """The tasks, for whoever administers people; none for others, where the house hides them, or when all are done."""
    actor = current_actor()
    if not actor.scope(*ADMINISTERING) or not setting_value(db.session, SHOWN):
        return []
    with on_behalf("first steps"):
        found = [task.done(db.session) for task in _tasks]
        asked = [each for each in found if isinstance(each, ColumnElement)]
        answers: Any = iter(db.session.execute(select(*asked)).one() if asked else ())
        done = [bool(next(answers) if isinstance(each, ColumnElement) else each) for each in found]
    if all(done):
        return []
    return [
        Told(translated(task.label), translated(task.why), was, url_for(task.endpoint) if _opens(task, actor) else "")
        for task, was in zip(_tasks, done, strict=True)
        if not (was and task.passing)
    ]


def _opens(task: Task, actor: Actor) -> bool:
    return bool(task.endpoint) and task.opens(actor)


def msgids() -> Iterator[str]:
    """What the tasks say, for the catalogues."""
    yield from (text for task in _tasks for text in (task.label, task.why))
