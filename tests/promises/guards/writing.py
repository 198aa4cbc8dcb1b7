"""Guards of forms: lines of other rows, two who write at once, what is sent twice, private values in between."""

from dataclasses import replace
from tempfile import NamedTemporaryFile
from typing import Any

from sqlalchemy import func, select

from app.kernel import guard, submissions
from app.kernel.actor import acting, system_actor
from app.kernel.transfer import load
from app.kernel.transfer.ruling import Ruling
from app.panel import grids
from app.schema.kinds import Kind
from app.schema.transfer import Cell, Target
from tests.dossier import Dossier
from tests.gadget import Diary, Gadget, GadgetPart
from tests.gadget_sales import SALES
from tests.promises.guards.world import OTHER_PHONE, Controls, World, asked, none, yes
from tests.screens import post


def part_of(world: World, gadget: int) -> GadgetPart:
    with acting(system_actor("guards")):
        part = GadgetPart(gadget_id=gadget, name="a part", count=1)
        world.session.add(part)
        world.session.commit()
    return part


def second(world: World) -> int:
    """Another gadget of the same specialist."""
    renewal = world.people["renewal"]
    with acting(system_actor("guards")):
        number = world.session.scalar(select(func.count(Gadget.id)))
        row = Gadget(code=f"SECOND-{number}", owner_id=renewal.user_id, unit_id=renewal.unit_id)
        world.session.add(row)
        world.session.commit()
        return row.id


def lines_of_others(world: World) -> list[Any]:
    """A part of a row one may not see."""
    part = part_of(world, world.foreign)
    return world.tried("renewal", lambda: setattr(part, "name", "mine"))


def lines_of_another_row(world: World) -> list[Any]:
    """A part of one row written through another, by the API and on the page of its own: both are one's own."""
    part = part_of(world, second(world))
    key, line = part.id, {"id": part.id, "version": part.version, "name": "moved"}
    client, own, version = world.sign_in("renewal"), world.own, world.version(world.own)
    answer = asked(client, "PATCH", f"/api/v1/gadget/{own}", version=version, lines={"gadget_part": [line]})
    page = client.get(f"/gadget/{own}/lines/gadget_part/{key}/edit")
    return [each.status for each in (answer, page) if each.status_code != 404]


def lines_of_another_form(world: World) -> list[Any]:
    """The same by the form of the row."""
    part = part_of(world, second(world))
    cells = {"id": part.id, "version": part.version, "name": "moved", "count": "1", "position": "1"}
    client, own, version = world.sign_in("renewal"), world.own, world.version(world.own)
    lines = {f"gadget_part.x.{name}": value for name, value in cells.items()}
    answer = post(client, f"/gadget/{own}/edit", version=version, name="n", price="5", **lines)
    return [] if answer.status_code == 409 else [answer.status]


def lines_given_away(world: World) -> list[Any]:
    """A part of one's own row made a part of a row one may not write."""
    part = part_of(world, world.own)
    return world.tried("renewal", lambda: setattr(part, "gadget_id", world.foreign))


def lines_taken_over(world: World) -> list[Any]:
    """A part of a row one may not write made a part of one's own."""
    part = part_of(world, world.foreign)
    return world.tried("renewal", lambda: setattr(part, "gadget_id", world.own))


def done_twice(world: World) -> list[Any]:
    """A double click."""
    client = world.sign_in("renewal")
    before = diaries(world)
    for _click in range(2):
        post(client, "/diary/add", name="once", once=f"key-{before}")
    made = diaries(world) - before
    return [] if made == 1 else [made]


def diaries(world: World) -> int:
    with acting(system_actor("guards")):
        found = world.session.scalar(select(func.count(Diary.id)))
        world.session.rollback()
    return found or 0


def merged_bare(world: World) -> list[Any]:
    """What somebody else has written into a private field meanwhile, on the screen that shows both."""
    row = world.row(world.own)
    with acting(system_actor("guards")):
        version = row.version
        row.buyer_phone = "+8613800007777" if row.buyer_phone == OTHER_PHONE else OTHER_PHONE
        world.session.commit()
        written = str(row.buyer_phone)
    client = world.sign_in("renewal")
    sent = {"version": version, "name": "n", "price": "5", "buyer_phone": "+8613800005555"}
    answer = post(client, f"/gadget/{world.own}/edit", **sent)
    assert answer.status_code == 409, answer.status
    return [written] if written in answer.text or written.lstrip("+") in answer.text else []


def merged_unread(world: World) -> list[Any]:
    """The same of a field one may write and not read: not even its mask."""
    renewal = world.people["renewal"]
    with acting(system_actor("guards")):
        number = world.session.scalar(select(func.count(Dossier.id)))
        row = Dossier(code=f"M{number}", account="KONTO0005555", owner_id=renewal.user_id, unit_id=renewal.unit_id)
        world.session.add(row)
        world.session.commit()
        version = row.version
        row.account = "KONTO0009876"
        world.session.commit()
    client = world.sign_in("renewal")
    pages = [client.get(f"/dossier/{row.id}/edit").text]
    sent = {"version": version, "code": row.code, "account": "KONTO0001111", "delivery": "phone"}
    answer = post(client, f"/dossier/{row.id}/edit", **sent)
    assert answer.status_code == 409, answer.status
    return [page[-100:] for page in (*pages, answer.text) if "9876" in page]


def brought_in(world: World) -> list[Any]:
    """A field of the leaders in a file of a specialist, and an answer by mail without an address."""
    cells = {"code": Cell("Code"), "reserve": Cell("Reserve"), "delivery": Cell("Delivery")}
    profile = replace(SALES, targets=(Target("dossier", "dossier", "code", cells),))
    with NamedTemporaryFile("w", suffix=".csv") as file, acting(world.people["renewal"]):
        file.write("Code,Reserve,Delivery\nF1,5,phone\nF2,,mail\n")
        file.flush()
        taken = load(world.session, profile, file.name, "f.csv").loaded
        world.session.rollback()
    return [taken] if taken else []


def everybodys(patch: Any, _world: World) -> None:
    """A line is looked for among all of its sort."""
    patch.setattr(grids, "_parts", lambda session, line, whole: {p.id: p for p in session.scalars(select(line))})


def lines_of_all(patch: Any, _world: World) -> None:
    for module in ("nested", "lines"):
        patch.setattr(f"app.panel.{module}.find_part", lambda session, line, whole, key: session.get(line, key))


def read_by_all(patch: Any, _world: World) -> None:
    patch.setattr("app.panel.forms.hidden_in", lambda *asked: frozenset())


CONTROLS: Controls = {
    "lines of others' rows are not written": (lines_of_others, lambda p, _: p.setattr(guard, "_permit", none)),
    "a line stays within one's reach": (lines_given_away, lambda p, _: p.setattr(guard, "_permit", none)),
    "a line was within one's reach": (lines_taken_over, lambda p, _: p.setattr(guard, "_was_within", yes)),
    "a line is reached through its own row": (lines_of_another_row, lines_of_all),
    "a form holds the lines of its own row": (lines_of_another_form, everybodys),
    "a file obeys the rules of fields": (brought_in, lambda p, _: p.setattr(Ruling, "faults", lambda *asked: iter(()))),
    "what is sent twice is done once": (done_twice, lambda p, _: p.setattr(submissions, "claim", none)),
    "private values are masked where two meet": (
        merged_bare,
        lambda p, _: p.setattr(Kind, "mask", lambda self, value: str(value)),
    ),
    "what one does not read is not shown where two meet": (merged_unread, read_by_all),
}
