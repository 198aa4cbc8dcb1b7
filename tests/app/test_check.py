"""``flask panel check``: what does not hold and what smells, each with its file, its line and its cure."""

import re
from dataclasses import replace

import pytest
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped

from app.cli import check as checking
from app.schema import check, check_fields
from app.schema.errors import DeclarationError
from app.schema.fields import Rule, Worked, computed
from app.schema.grants import Grants
from app.schema.kinds import INTEGER, SHORT_TEXT, ShortText, State, starts_at
from app.schema.panel import Panel
from app.schema.record import Record
from app.schema.registry import Registry, registry
from app.schema.roles import Role
from app.schema.rows import Shared
from app.schema.settings import Setting
from app.schema.smells import smells_of
from app.schema.workflow import Step, Workflow
from models.customers import Customer


class Mood(State):
    """States of the tests."""

    OPEN = "open"
    DONE = "done"
    LOST = "lost"


@pytest.fixture
def widget(monkeypatch):
    """A record that holds, and smells in every way there is."""
    monkeypatch.setattr(registry, "frozen", False)

    class Widget(Shared, Record):
        """A widget."""

        name: Mapped[ShortText]
        state: Mapped[Mood] = starts_at(Mood.OPEN)
        grants = Grants(work=(Role.SALES,), lead=(), load=())
        panel = Panel(title="name", columns=("name",), order="name")
        workflow = Workflow(Step("finish", Mood.OPEN, Mood.DONE, by=Role.FINANCE))

    yield Widget
    registry.forget(Widget)
    Model.metadata.remove(Widget.__table__)
    Model.registry._dispose_cls(Widget)


def test_what_smells_is_named_with_its_cure(widget):
    found = "\n".join(smells_of(widget, registry))
    for cure in ("give it menu=Menu(", "finance take 'finish', who may not read it", "'lost' no step", "index=True"):
        assert cure in found
    widget.grants = Grants(work=(Role.SALES, Role.FINANCE), lead=(), load=())
    widget.panel = Panel(title="name", columns=("name",))
    again = "\n".join(smells_of(widget, registry))
    assert "finance" not in again
    assert "index" not in again


def test_a_place_is_a_file_and_a_line():
    place = check.place_of(registry["claim"])
    assert re.fullmatch(r"models/claims/claim\.py:\d+", place)


def test_what_does_not_hold_names_file_and_line(widget, monkeypatch):
    monkeypatch.setattr(widget, "panel", Panel(title="colour"))
    with pytest.raises(DeclarationError, match=r"tests/app/test_check\.py:\d+: Widget shows 'colour'"):
        check.run(registry)


@pytest.mark.parametrize("name", sorted(check_fields.RESERVED))
def test_a_field_has_no_name_the_engine_uses(monkeypatch, name):
    monkeypatch.setattr(registry, "frozen", False)
    columns = {"__annotations__": {name: Mapped[ShortText | None]}}
    grants = {"grants": Grants(work=(Role.SALES,)), "panel": Panel(title="id")}
    widget = type("Gimmick", (Shared, Record), {"__module__": __name__, **columns, **grants})
    try:
        found = "\n".join(check.faults_of(widget, registry))
    finally:
        registry.forget(widget)
        Model.metadata.remove(widget.__table__)
        Model.registry._dispose_cls(widget)
    assert f"calls a field {name!r}, but" in found


def test_no_sound_is_kept_of_a_private_title(monkeypatch):
    monkeypatch.setattr(Customer, "panel", replace(Customer.panel, title="phone"))
    assert "keeps how 'phone' sounds, which is private" in "\n".join(check.faults_of(Customer, registry))


@pytest.mark.parametrize(("title", "ruled"), [("name", "name"), ("said", "said"), ("said", "name")])
def test_a_title_is_read_by_whoever_sees_the_row(monkeypatch, title, ruled):
    """Else lists, links, mentions and mails would tell it to whom its rule keeps it from."""
    monkeypatch.setattr(registry, "frozen", False)

    class Gismo(Shared, Record):
        """A gismo."""

        name: Mapped[ShortText | None]
        said = computed(SHORT_TEXT, lambda gismo: Worked(gismo.name, ()), of=("name",))
        fields = (Rule(ruled, read=Role.MANAGER),)
        grants = Grants(work=(Role.SALES,))
        panel = Panel(title=title)

    try:
        found = [fault for fault in check.faults_of(Gismo, registry) if "everybody knows the row" in fault]
    finally:
        registry.forget(Gismo)
        Model.metadata.remove(Gismo.__table__)
        Model.registry._dispose_cls(Gismo)
    made = f", of which its title {title!r} is made" if ruled != title else ""
    cure = "take read=… out, or choose another title"
    assert found == [f"has a rule on {ruled!r}{made}, by which everybody knows the row: {cure}"]


def test_the_command_warns_and_fails_only_when_strict(sqlite_backend, monkeypatch):
    run = sqlite_backend.app.test_cli_runner().invoke
    monkeypatch.setattr(checking, "warnings", lambda: iter(["models/x.py:1: X smells: wash it"]))
    for words, code in ((["panel", "check"], 0), (["panel", "check", "--strict"], 1)):
        said = run(args=words)
        assert said.exit_code == code
        assert "models/x.py:1: X smells: wash it" in said.output
    monkeypatch.setattr(checking, "warnings", lambda: iter(()))
    assert run(args=["panel", "check", "--strict"]).exit_code == 0


def test_a_setting_nothing_reads_is_found(tmp_path, monkeypatch):
    known = Registry()
    for name in ("claims.read", "claims.forgotten"):
        known.settings.add(name, Setting(name, 1, INTEGER, "Label"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "settings.py").write_text('setting("claims.read")\nsetting("claims.forgotten")\n')
    (tmp_path / "models" / "use.py").write_text('value(session, "claims.read")\n')
    monkeypatch.setattr(checking, "registry", known)
    assert list(checking.unused_settings(tmp_path)) == [
        "models/settings.py: the setting 'claims.forgotten' is read nowhere: use it, or take it out"
    ]


def test_the_department_has_no_idle_setting():
    assert [line for line in checking.unused_settings(checking.HERE) if "'tests." not in line] == []
