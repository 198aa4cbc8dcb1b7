"""The board: the rows of a list as cards by their state, moved on by the steps of the workflow and by nothing else."""

from dataclasses import dataclass
from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from sqlalchemy import literal, union_all

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.workflow import states_of
from app.panel import links, listing
from app.panel.base import RecordView
from app.panel.fields import Field, field_of
from app.panel.looks import has_board, looks_of
from app.panel.titles import Read, reading_of
from app.panel.trees import name_paths
from app.schema.errors import NotFound
from app.schema.record import Record
from app.schema.workflow import Step

CARDS = 20
"""Cards of one state that are shown; the list shows them all."""
TOLD = 3
"""Columns of the list that a card tells besides its title."""


@dataclass(frozen=True)
class Lane:
    """The cards of one state, the steps that lead on from it for the present person, and how many rows there are."""

    state: Any
    reads: list[Read]
    steps: list[Step]
    count: int


class Boarding(RecordView):
    """The list of a record with a workflow, by state."""

    @expose("/board")
    def board(self) -> str:
        """The rows the address asks for, as a list's does; of those states alone that it filters by."""
        if not has_board(self.record):
            raise NotFound("There is no board of this: its rows have no state, or it is not shown to you.")
        what = listing.asked(db.session, self.record, request.args)
        field: Any = getattr(self.record, self.record.workflow.field)  # type: ignore[union-attr] # it has a board
        asked = request.args.getlist(field.key)
        states = [state for state in states_of(self.record) if not asked or state.value in asked]
        counts = _counts(what, field, states)
        lanes = [
            Lane(state, _cards(what, field == state), _steps(self.record, state), counts[state]) for state in states
        ]
        reads = [read for lane in lanes for read in lane.reads]
        name_paths(db.session, self.record, reads)
        links.load(db.session, self.record, [read.row for read in reads], what.columns)
        return render_template(
            "panel/board.html",
            record=self.record,
            what=what,
            lanes=lanes,
            told=_told(self.record, what.columns),
            most=listing.MOST_COUNTED,
            address=self.address,
            may_add=self.may_add(),
            state_field=field.key,
            looks=looks_of(self.record),
        )


def _steps(record: type[Record], state: Any) -> list[Step]:
    """The steps that leave a state and may be the present person's; each row has its own reasons besides."""
    assert record.workflow is not None, "only records with steps have states"
    actor = current_actor()
    return [
        step
        for step in record.workflow.open_from(state)
        if any(may(actor, verb, record) for verb, _roles in step.permissions())
    ]


def _cards(what: listing.Asked, of_state: Any) -> list[Read]:
    reading = reading_of(what.record, what.columns)
    statement = what.order.apply(reading.statement.where(*what.conditions, of_state), what.record)
    return [reading.read(result) for result in db.session.execute(statement.limit(CARDS))]


def _counts(what: listing.Asked, field: Any, states: list[Any]) -> dict[Any, int]:
    """How many rows there are of each state, counted no further than a list counts; in one statement."""
    record, ways = what.record, []
    for place, state in enumerate(states):
        some = listing.counting(record, (*what.conditions, field == state), listing.MOST_COUNTED + 1)
        ways.append(some.add_columns(literal(place)))
    found = {place: count for count, place in db.session.execute(union_all(*ways))} if ways else {}
    return {state: int(found.get(place, 0)) for place, state in enumerate(states)}


def _told(record: type[Record], columns: list[Field]) -> list[Field]:
    """What a card tells: the first columns of the list that are neither its title nor its state."""
    title = field_of(record, record.panel.title).key
    return [each for each in columns if each.key != title and not each.is_state][:TOLD]
