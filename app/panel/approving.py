"""The agreements a row's steps need, on its page: given by whom, waited for from whom, void for what reason."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import approvals
from app.kernel.actor import on_behalf
from app.kernel.tables import Approval
from app.panel import texts
from app.panel.labels import part_label, said, step_label, translated
from app.panel.titles import titles_of
from app.schema.approval import Reviews


@dataclass
class Agreement:
    """One part: `state` is ``yes``, ``no``, ``waits`` or ``void``; `who` gave it, or the roles it waits for."""

    label: str
    state: str
    who: str
    when: str = ""
    reason: str = ""
    in_place_of: str = ""


@dataclass
class Board:
    """The agreements of one step. Of reviews, `enough` says how many are needed where not all are."""

    title: str
    enough: int = 0
    agreements: list[Agreement] = field(default_factory=list)
    void: list[Agreement] = field(default_factory=list)


def boards_of(session: Session, row: Any) -> list[Board]:
    """A board for each step that needs agreements, as far as anything was given or is waited for."""
    workflow = type(row).workflow
    steps = [step for step in (workflow.steps if workflow else ()) if step.needs is not None]
    if workflow is None or not steps:
        return []
    mine = (Approval.record == row.__tablename__, Approval.row_id == row.id)
    given = list(session.scalars(select(Approval).where(*mine).order_by(Approval.id)))
    users = {user for each in given for user in (each.user_id, each.for_id) if user is not None}
    names = titles_of(session, "ab_user", users)
    found = []
    for step in steps:
        partial = isinstance(step.needs, Reviews) and step.needs.quorum < len(step.parts)
        board = Board(step_label(step), step.needs.quorum if partial and isinstance(step.needs, Reviews) else 0)
        seal, done = approvals.seal_of(row, step), set[str]()
        for each in (approval for approval in given if approval.step == step.name):
            live = each.void_at is None and each.seal == seal
            told = Agreement(
                part_label(step, each.part),
                each.verdict if live else "void",
                names.get(each.user_id or 0, ""),
                texts.plain(each.at),
                each.reason or "",
                names.get(each.for_id or 0, "") if each.for_id != each.user_id else "",
            )
            if not live:
                told.reason = said(each.void_why or approvals.CHANGED)
            (board.agreements if live else board.void).append(told)
            if live:
                done.add(each.part)
        if getattr(row, workflow.field) in step.source:
            with on_behalf("a page shows which approvals are needed"):
                wanted = approvals.needed(session, row, step)
            for part in wanted:
                if part.name not in done:
                    roles = ", ".join(translated(role.value) for role in part.by)
                    board.agreements.append(Agreement(translated(part.label), "waits", roles))
        if board.agreements or board.void:
            found.append(board)
    return found
