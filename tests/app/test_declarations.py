"""A model file that cannot hold is refused at the start, with the record's name and the cure."""

from collections.abc import Iterator

import pytest
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped

from app.schema.check import faults_of
from app.schema.errors import DeclarationError
from app.schema.grants import Grants
from app.schema.kinds import Code, ShortText, State, ref, starts_at
from app.schema.panel import Group, Panel, Related
from app.schema.record import Line, Record, snake, words
from app.schema.registry import Registry, registry
from app.schema.roles import Role
from app.schema.rows import Shared
from app.schema.transfer import Transfer
from app.schema.workflow import Step, Workflow


class Stage(State):
    """States of the tests."""

    OPEN = "open"
    DONE = "done"


@pytest.fixture(autouse=True)
def throw_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test declare records after the start, and forget them again."""
    monkeypatch.setattr(registry, "frozen", False)
    before = set(registry)
    yield
    for record in set(registry) - before:
        registry.forget(record)
        Model.metadata.remove(record.__table__)
        Model.registry._dispose_cls(record)


def faults(record: type[Record]) -> str:
    return "\n".join(faults_of(record, registry))


def test_the_departments_own_declarations_hold():
    assert [(r.__name__, f) for r in registry for f in faults_of(r, registry)] == []


def test_a_record_says_who_sees_its_rows():
    class Widget(Record):
        grants = Grants()

    assert "Owned, Team, Branch or Shared" in faults(Widget)


def test_a_record_says_who_may_do_what():
    class Widget(Shared, Record):
        pass

    assert "grants = Grants(" in faults(Widget)


def test_a_line_names_its_parent():
    class WidgetPart(Line):
        pass

    assert "parent = " in faults(WidgetPart)


def test_a_panel_shows_only_fields_there_are():
    class Widget(Shared, Record):
        grants = Grants()
        panel = Panel(
            columns=("colour",), search=("maker.name",), form=(Group("", "size"),), related=(Related("wheel", "id"),)
        )

    found = faults(Widget)
    assert "'colour'" in found
    assert "'maker'" in found
    assert "'size'" in found
    assert "wheel.id" in found


def test_a_link_leads_to_a_record():
    class Widget(Shared, Record):
        grants = Grants()
        maker_id: Mapped[int | None] = ref("unit")

    Widget.__table__.c.maker_id.info["ref"] = "factory"
    assert "'factory', which is no record" in faults(Widget)


def test_an_import_key_is_unique():
    class Widget(Shared, Record):
        grants = Grants()
        transfer = Transfer(key="code")
        code: Mapped[Code]

    assert "no unique field" in faults(Widget)


def test_a_state_needs_a_workflow_and_steps_name_what_exists():
    class Widget(Shared, Record):
        grants = Grants()
        state: Mapped[Stage] = starts_at(Stage.OPEN)

    assert "no workflow" in faults(Widget)
    Widget.workflow = Workflow(
        Step("finish", Stage.OPEN, Stage.DONE, by=Role.SALES, asks=("colour",), not_by=("begin",))
    )
    assert "asks for 'colour'" in faults(Widget)
    assert "not_by='begin'" in faults(Widget)


def test_a_step_nobody_may_take_does_not_exist():
    with pytest.raises(DeclarationError, match="by nobody"):
        Step("finish", Stage.OPEN, Stage.DONE)


def test_two_steps_of_one_name_are_refused():
    step = Step("finish", Stage.OPEN, Stage.DONE, by=Role.SALES)
    with pytest.raises(DeclarationError, match="finish"):
        Workflow(step, step)


def test_two_records_never_merge_into_one_table():
    class Widget(Shared, Record):
        grants = Grants()
        name: Mapped[ShortText]

    with pytest.raises(DeclarationError, match="both want the table 'widget'"):
        type("Widget", (Shared, Record), {"grants": Grants(), "__module__": "elsewhere"})
    assert set(Widget.__table__.columns.keys()) >= {"name"}


def test_nothing_is_declared_after_the_start(monkeypatch):
    monkeypatch.setattr(registry, "frozen", True)
    with pytest.raises(DeclarationError, match="after the start"):
        type("Widget", (Shared, Record), {"grants": Grants(), "__module__": "elsewhere"})


def test_a_shelf_refuses_doubles_and_names_what_there_is():
    shelf = Registry().settings
    shelf.add("a.b", object())
    with pytest.raises(DeclarationError, match="two settings"):
        shelf.add("a.b", object())
    with pytest.raises(DeclarationError, match=r"there are: a\.b"):
        shelf["c"]


def test_names_read_as_people_read_them():
    assert snake("SystemFault") == "system_fault"
    assert words("expires_on") == "Expires on"
    assert words("customer_id") == "Customer"


def test_grants_read_plainly():
    granted = set(Grants(work=(Role.SALES,), see=(Role.SERVICE,), load=(Role.MANAGER,)))
    assert {("read", Role.SALES), ("add", Role.SALES), ("edit", Role.SALES), ("read", Role.SERVICE)} <= granted
    assert ("edit", Role.SERVICE) not in granted
    assert ("delete", Role.SALES) not in granted
    assert {("delete", Role.SUPERVISOR), ("export", Role.MANAGER), ("import", Role.MANAGER)} <= granted
    assert not [1 for _, role in granted if role == Role.CLAIMS]
