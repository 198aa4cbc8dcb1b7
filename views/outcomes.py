"""What may come of a row at a desk: one choice, and the questions of each outcome, all in one form.

An outcome is a step of the row. What it asks is shown while it is chosen (``conditions.js``); what others ask is
kept in the form, so that nothing typed is lost by choosing again. Only the chosen one's answers are read.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.kernel.workflow import Offer
from app.panel.forms import Form, Input, questions
from app.schema.errors import Refusal
from app.schema.workflow import Step

CHOICE = "outcome"
"""What the choice is called in the form."""
KEYS = 9
"""Outcomes that have a key of their own, 1 to 9."""


@dataclass(frozen=True)
class Outcome:
    """A step as it is offered: with its key ("" for none), or closed for a reason."""

    step: Step
    key: str
    reason: str | Refusal | None


@dataclass
class Sheet:
    """The outcomes, the one that is chosen, and the questions of all of them."""

    outcomes: list[Outcome]
    chosen: str
    form: Form
    written: bool = False
    """Whether anything stands in it that a person wrote and nobody has saved."""

    def take(self, raw: Mapping[str, str]) -> None:
        """Take what was written as it stands, whatever is wrong with it."""
        for each in self.form.inputs:
            before = each.value
            each.answered(raw)
            self.written = self.written or each.value != before
        self.form.version = raw.get("version", self.form.version)

    def blame(self, answers: Form) -> None:
        """Show at each question what is wrong with its answer, as the form of the chosen step has it."""
        problems = {each.name: each.problem for each in answers.inputs}
        for each in self.form.inputs:
            each.problem = problems.get(each.name, "")
        self.form.problem = answers.problem


def sheet_of(
    row: Any, offered: list[Offer], wanted: str, otherwise: str | None = None, *, closed: bool = False
) -> Sheet:
    """The sheet of a row with the outcome `wanted` chosen, if it is open, else `otherwise`, else none.

    Where nothing is said otherwise, it is the first that is open. With `closed` the questions of closed outcomes stand
    in the form as well, hidden: for a page on which they open while somebody works.
    """
    steps = [offer.step for offer in offered if offer.open]
    keys = {step.name: str(n) for n, step in enumerate(steps[:KEYS], 1)}
    outcomes = [Outcome(offer.step, keys.get(offer.step.name, ""), offer.reason) for offer in offered]
    names = [step.name for step in steps]
    if otherwise is None:
        otherwise = next(iter(names), "")
    chosen = next((name for name in (wanted, otherwise) if name in names), "")
    inputs = _together(row, [offer.step for offer in offered] if closed else steps, chosen)
    return Sheet(outcomes, chosen, Form(type(row), [("", inputs)], str(row.version), known="{}"))


def _together(row: Any, steps: list[Step], chosen: str) -> list[Input]:
    """Each question once, those of few outcomes first; it says for which it is asked, and for which needed."""
    found: dict[str, Input] = {}
    asked: dict[str, list[str]] = {}
    needed: dict[str, list[str]] = {}
    for step in steps:
        for each in questions(type(row), step, row).inputs:
            kept = found.setdefault(each.name, each)
            kept.value = kept.value or each.value
            asked.setdefault(each.name, []).append(step.name)
            if each.required:
                needed.setdefault(each.name, []).append(step.name)
    return [
        dataclasses.replace(
            each,
            shown_if=json.dumps(["is", CHOICE, *asked[name]]),
            required_if=json.dumps(["is", CHOICE, *needed[name]]) if name in needed else "",
            applies=chosen in asked[name],
            required=chosen in needed.get(name, []),
        )
        for name, each in sorted(found.items(), key=lambda pair: len(asked[pair[0]]))
    ]
