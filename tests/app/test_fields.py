"""A field somebody may not read is in no response of any kind, nothing hints at it, and no route writes it."""

import json
import re
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel import permissions
from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.fields import hidden_in, readable_fields, visible_changes
from app.kernel.history import timeline
from app.kernel.rights import rights_of
from app.kernel.workflow import advance
from app.schema.errors import Invalid, NotPermitted
from tests.dossier import Dossier, DossierCopy, DossierNote, DossierState
from tests.gadget import Gadget
from tests.problems import errors_of
from tests.screens import change_role, post, statements, table_of, value_of

CANARY = "QUITESECRET"
API = "/api/v1/dossier/"


@pytest.fixture
def rows(session, people):
    """Three dossiers of the renewal specialist, the middle one settled; everything that is hidden says so."""
    owner = people["renewal"]
    with acting(system_actor("tests")):
        rival = Gadget(code=f"{CANARY}-R", name=f"{CANARY}-R", owner_id=owner.user_id, unit_id=owner.unit_id)
        session.add(rival)
        session.flush()
        made = [
            Dossier(
                code=f"D{n}",
                finding=f"{CANARY}-{n}" if n else f"SETTLED{CANARY}",
                reserve=Decimal(f"77712{n}.31"),
                account=f"{CANARY}000{n}",
                rival_id=rival.id if n else None,
                owner_id=owner.user_id,
                unit_id=owner.unit_id,
            )
            for n in (2, 0, 1)
        ]
        session.add_all(made)
        session.flush()
        grades = {d.id: f"{'' if n != 1 else 'SETTLED'}{CANARY}" for n, d in enumerate(made)}
        session.add_all(DossierNote(dossier_id=d.id, text="note", grade=grades[d.id]) for d in made)
        session.add(DossierCopy(name="copy", dossier_id=made[0].id, owner_id=owner.user_id, unit_id=owner.unit_id))
        advance(session, made[1], "settle", answers={"finding": f"SETTLED{CANARY}"})
        session.commit()
        ids = {d.code: d.id for d in made}
    session.expunge_all()
    return ids


def stored(session, key):
    """A dossier as the database has it now."""
    with acting(system_actor("tests")):
        session.rollback()
        found = session.get(Dossier, key, populate_existing=True)
        session.expunge(found)
        session.rollback()
        return found


def said(answer):
    """Everything a response carries."""
    return answer.text + "".join(f"{name}: {value}\n" for name, value in answer.headers)


def leaks(text):
    """What of the hidden values stands in a text; a settled finding is everybody's."""
    return [word for word in (CANARY, "77712", "777,12", "7771") if word in text.replace(f"SETTLED{CANARY}", "")]


def everywhere(client, ids):
    """Every response about the dossiers, by address."""
    asked = (
        "",
        "?q=quitesecre",
        "?order=reserve",
        "?order=-finding",
        "?reserve.from=1",
        "?reserve.from=x",
        "?rival_id=1",
    )
    answers = {}
    for text in asked:
        answers[f"/dossier/{text}"] = client.get(f"/dossier/{text}")
        answers[API + text] = client.get(API + text)
        answers[f"/dossier/part{text}"] = client.get(f"/dossier/part{text}")
        answers[f"file {text}"] = post(client, f"/dossier/export.csv{text}")
        answers[f"file {text}"].get_data()  # read to its end before the next request
    for key in ids.values():
        for name in ("", "/edit", "/delete", "/step/settle", "/lines/dossier_note/add"):
            answers[f"/dossier/{key}{name}"] = client.get(f"/dossier/{key}{name}")
        answers[f"{API}{key}"] = client.get(f"{API}{key}?trace=1")
        answers[f"add {key}"] = client.get(f"/dossier/add?finding=x&reserve={key}")
        answers[f"notes {key}"] = client.get(f"/api/v1/dossier_note/?dossier_id={key}")
    answers["picker"] = client.get("/dossier/pick/rival_id?q=")
    answers["copies"] = client.get("/api/v1/dossier_copy/")
    return answers


def test_who_may_not_read_a_field_meets_it_nowhere(rows, sign_in):
    answers = everywhere(sign_in("renewal"), rows)
    assert {name: found for name, answer in answers.items() if (found := leaks(said(answer)))} == {}
    assert {answer.status_code for answer in answers.values()} <= {200, 403, 404, 409, 422}
    assert answers["/dossier/"].status_code == answers[API].status_code == 200
    assert answers["picker"].status_code == 404


def test_who_may_read_them_meets_them(rows, sign_in):
    """The control of the test above: the canaries are really there."""
    answers = everywhere(sign_in("manager"), rows)
    assert leaks(said(answers["/dossier/"]))
    assert leaks(said(answers[API]))
    assert leaks(said(answers["file "]))
    assert leaks(said(answers[f"/dossier/{rows['D2']}"]))
    assert leaks(said(answers[f"/dossier/{rows['D2']}/edit"]))
    assert leaks(said(answers[f"notes {rows['D2']}"]))
    assert answers["picker"].status_code == 200


def test_the_names_of_the_fields_are_absent_too(rows, sign_in):
    client = sign_in("renewal")
    result = client.get(f"{API}{rows['D2']}").json["result"]
    assert result.keys().isdisjoint({"finding", "reserve", "account", "rival_id", "cut"})
    assert result["fee"] == "10.00"
    page = client.get("/dossier/").text
    assert "Reserve" not in page
    assert "Rival" not in page
    edit = client.get(f"/dossier/{rows['D2']}/edit").text
    assert 'name="reserve"' not in edit
    assert 'name="finding"' not in edit
    assert 'name="account"' in edit  # may be overwritten by who does not see it
    assert value_of(edit, "account") == ""


def test_a_published_field_is_read_row_by_row(rows, sign_in):
    client = sign_in("renewal")
    shown = {row[0]: row[1] for row in table_of(client.get("/dossier/").text)}
    assert shown == {"D2": "·", "D0": f"SETTLED{CANARY}", "D1": "·"}
    got = {row["code"]: row.get("finding") for row in client.get(API).json["result"]}
    assert got == {"D2": None, "D0": f"SETTLED{CANARY}", "D1": None}
    assert "finding" not in next(row for row in client.get(API).json["result"] if row["code"] == "D1")
    assert f"SETTLED{CANARY}" in client.get(f"/dossier/{rows['D0']}").text
    notes = {row["dossier_id"]: row.get("grade") for row in client.get("/api/v1/dossier_note/").json["result"]}
    assert notes == {rows["D2"]: None, rows["D0"]: f"SETTLED{CANARY}", rows["D1"]: None}


def test_a_file_has_a_field_only_of_the_rows_it_is_read_in(rows, session, people, sign_in, as_system):
    role = session.scalars(select(Role).where(Role.name == "renewal")).one()
    permissions.grant(session, role, "export", "dossier")
    session.commit()
    lines = post(sign_in("renewal"), "/dossier/export.csv").text.splitlines()
    assert lines[0].removeprefix("\ufeff").split(",")[:3] == ["Code", "Finding", "Fee (CNY)"]
    assert {line.split(",")[0]: line.split(",")[1] for line in lines[1:]} == {
        "D2": "",
        "D0": f"SETTLED{CANARY}",
        "D1": "",
    }
    assert leaks("\n".join(lines)) == []


@pytest.mark.parametrize(
    "asked",
    [
        "?order=reserve",
        "?order=-reserve",
        "?order=finding",
        "?reserve.from=777121",
        "?q=7771",
        f"?q={CANARY}-2",
        "?rival_id=none",
    ],
)
def test_sorting_filtering_and_searching_give_no_hint(rows, session, sign_in, as_system, asked):
    """The same answer whatever the hidden values are, and for a field the answer to one that does not exist."""
    client = sign_in("renewal")

    def seen():
        page = client.get(f"/dossier/{asked}")
        return table_of(page.text), client.get(API + asked).json

    def codes(found, name=""):
        told = json.dumps(found[1]).replace(name or "?", "colour") if "result" not in found[1] else ""
        listed = [row["code"] for row in found[1].get("result", ())]
        return [row[0] for row in found[0]], listed, found[1].get("count"), told

    hidden = re.sub(r"\W*(order=)?-?|(\.from)?=.*", "", asked) if "q=" not in asked else ""
    before = codes(seen(), hidden)
    for row in session.scalars(select(Dossier)):
        row.reserve, row.rival_id = Decimal(5 - int(row.code[1])), None
        if row.state is DossierState.OPEN:
            row.finding = f"other {row.code}"
    session.commit()
    assert codes(seen(), hidden) == before
    if hidden:
        unknown = asked.replace(hidden, "colour")
        assert codes((table_of(client.get(f"/dossier/{unknown}").text), client.get(API + unknown).json)) == before


def test_a_list_is_sorted_filtered_and_searched_by_who_reads_the_field(rows, sign_in):
    client = sign_in("manager")
    assert [row[0] for row in table_of(client.get("/dossier/?order=reserve").text)] == ["D0", "D1", "D2"]
    assert [row[0] for row in table_of(client.get("/dossier/?reserve.from=777121.31&order=reserve").text)] == [
        "D1",
        "D2",
    ]
    assert [row[0] for row in table_of(client.get(f"/dossier/?q={CANARY}-1").text)] == ["D1"]


def test_the_history_tells_only_what_is_read(rows, session, people, as_system):
    row = session.get(Dossier, rows["D2"])
    row.reserve, row.stake = Decimal(1), Decimal(7)
    session.commit()
    entry = timeline(session, row)[0]
    assert set(entry.changes) == {"reserve", "stake"}
    with acting(people["renewal"]):
        assert set(visible_changes(row, entry.changes)) == {"stake"}
    with acting(people["manager"]):
        assert set(visible_changes(row, entry.changes)) == {"reserve", "stake"}


@pytest.mark.parametrize(
    ("person", "field"), [("renewal", "reserve"), ("renewal", "finding"), ("renewal", "rival_id"), ("manager", "fee")]
)
def test_what_may_not_be_written_is_refused_as_an_unknown_field_is(rows, sign_in, person, field):
    client = sign_in(person)
    headers = {"X-CSRFToken": client.csrf}
    wrong = client.patch(f"{API}{rows['D2']}", json={field: "1", "version": 1}, headers=headers)
    unknown = client.patch(f"{API}{rows['D2']}", json={"colour": "1", "version": 1}, headers=headers)
    assert (wrong.status_code, unknown.status_code) == (422, 422)
    assert errors_of(wrong)[field] == errors_of(unknown)["colour"]


def test_a_form_leaves_alone_what_may_not_be_written(rows, session, sign_in, as_system):
    answer = post(
        sign_in("renewal"),
        f"/dossier/{rows['D2']}/edit",
        version="1",
        code="D2",
        stake="100",
        share="10",
        delivery="phone",
        finding="mine",
        reserve="1",
        account="",
    )
    assert answer.status_code == 303
    row = stored(session, rows["D2"])
    assert (row.finding, row.reserve, row.account) == (f"{CANARY}-2", Decimal("777122.31"), f"{CANARY}0002")


def test_a_value_is_overwritten_by_who_may_write_and_not_read(rows, session, sign_in, as_system):
    post(
        sign_in("renewal"),
        f"/dossier/{rows['D2']}/edit",
        version="1",
        code="D2",
        stake="100",
        share="10",
        delivery="phone",
        account="6222020012345671",
    )
    assert stored(session, rows["D2"]).account == "6222020012345671"


def test_no_route_passes_the_session(rows, session, people):
    for person, field, value in (
        ("renewal", "reserve", Decimal(1)),
        ("supervisor", "reserve", None),
        ("sales", "finding", "x"),
    ):
        actor = people[person]
        with acting(system_actor("tests")):
            row = session.get(Dossier, rows["D2"])
            row.owner_id, row.unit_id = actor.user_id, actor.unit_id
            session.commit()
        with acting(actor):
            row = session.get(Dossier, rows["D2"])
            setattr(row, field, value)
            if may(actor, "edit", row, field):
                session.flush()
            else:
                with pytest.raises(NotPermitted):
                    session.flush()
            session.rollback()
    assert not may(people["renewal"], "edit", Dossier, "reserve")
    assert may(people["supervisor"], "edit", Dossier, "reserve")


def test_a_new_row_is_checked_as_well(session, people):
    with acting(people["renewal"]):
        session.add(Dossier(code="N1", finding=None, stake=Decimal(100)))
        session.flush()
        session.add(Dossier(code="N2", finding="guilty"))
        with pytest.raises(NotPermitted):
            session.flush()


def test_a_field_is_written_in_its_states_only(rows, session, people):
    with acting(people["manager"]):
        opened, settled = session.get(Dossier, rows["D2"]), session.get(Dossier, rows["D0"])
        opened.finding = "guilty"
        session.flush()
        settled.finding = "guilty"
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()


def test_a_step_writes_what_it_asks_and_keeps_what_is_not_seen(rows, session, sign_in, as_system):
    client = sign_in("renewal")
    question = client.get(f"/dossier/{rows['D2']}/step/settle").text
    assert value_of(question, "finding") == ""
    answer = post(client, f"/dossier/{rows['D2']}/step/settle", version="1", finding="", account="")
    assert answer.status_code == 303
    row = stored(session, rows["D2"])
    assert (row.finding, row.account, row.state) == (f"{CANARY}-2", f"{CANARY}0002", DossierState.SETTLED)
    headers = {"X-CSRFToken": client.csrf}
    answer = client.post(f"{API}{rows['D1']}/steps/settle", json={"version": 1, "finding": "set"}, headers=headers)
    assert answer.status_code == 200
    row = stored(session, rows["D1"])
    assert (row.finding, row.account) == ("set", f"{CANARY}0001")


def test_a_private_value_stands_masked_in_its_form_and_stays(rows, session, sign_in, as_system):
    client = sign_in("manager")
    page = client.get(f"/dossier/{rows['D2']}/edit").text
    masked = value_of(page, "account")
    assert masked.startswith("••••")
    assert f"{CANARY}0002" not in page
    fields = {
        "version": "1",
        "code": "D2",
        "stake": "100",
        "share": "10",
        "delivery": "phone",
        "finding": f"{CANARY}-2",
        "reserve": "777122.31",
    }
    assert post(client, f"/dossier/{rows['D2']}/edit", account=masked, **fields).status_code == 303
    assert stored(session, rows["D2"]).account == f"{CANARY}0002"
    again = post(client, f"/dossier/{rows['D2']}/edit", account=masked + "9", **fields)
    assert again.status_code == 422
    assert masked + "9" in again.text
    assert stored(session, rows["D2"]).account == f"{CANARY}0002"


def test_administrators_give_and_take_fields_and_are_obeyed_at_once(rows, session, sign_in, as_system):
    client, admin = sign_in("renewal"), sign_in("admin")
    assert "reserve" not in client.get(f"{API}{rows['D2']}").json["result"]
    role = session.scalars(select(Role).where(Role.name == "renewal")).one()
    key, held = role.id, rights_of(session, [role.id])[role.id].grants
    address = f"/people/roles/{key}"
    session.rollback()
    page = admin.get(address).text
    assert 'value="read:reserve|dossier"' in page
    assert 'value="read:dossier_note.grade|dossier"' in page
    grants = [f"{verb}|{record}" for verb, record in held]
    change_role(admin, key, grant=[*grants, "read:reserve|dossier"])
    result = client.get(f"{API}{rows['D2']}").json["result"]
    assert (result["reserve"], result["cut"]) == ("777122.31", "777122.31")
    change_role(admin, key, grant=grants)
    assert "reserve" not in client.get(f"{API}{rows['D2']}").json["result"]


def test_a_field_reaches_no_further_than_the_role_that_reads_it(rows, session, people, as_system):
    """All rows are read by one role and the field by another in one's own: of foreign rows the field is hidden."""
    actor = people["renewal.b"]
    reach = {
        **actor.reach,
        ("read", "dossier"): people["manager"].reach["read", "dossier"],
        ("read:reserve", "dossier"): actor.reach["read", "dossier"],
    }
    wide = type(actor)("both", actor.user_id, actor.roles, actor.unit_id, actor.unit_ids, actor.branch_ids, reach=reach)
    row = session.get(Dossier, rows["D2"])
    assert "reserve" in hidden_in(wide, row)
    row.owner_id = actor.user_id
    assert "reserve" not in hidden_in(wide, row)
    assert "reserve" in readable_fields(wide, Dossier)
    session.rollback()


def test_rules_cost_no_statement(rows, backend, session, people, sign_in):
    client = sign_in("renewal")
    client.get("/dossier/")
    with statements(backend.engine) as sent:
        client.get("/dossier/")
    assert len(sent) <= 6
    with statements(backend.engine) as sent:
        client.get(f"/dossier/{rows['D2']}/edit")
    assert len(sent) <= 8
    with statements(backend.engine) as sent:
        client.get("/api/v1/dossier_note/")
    assert len(sent) <= 6


def test_a_condition_is_decided_on_the_server(rows, session, people, sign_in, as_system):
    client = sign_in("sales")
    form = {"code": "C1", "stake": "1", "share": "1"}
    refused = post(client, "/dossier/add", delivery="mail", address="", **form)
    assert refused.status_code == 422
    assert 'id="i-address-problem"' in refused.text
    dropped = post(client, "/dossier/add", delivery="phone", address="12 Nanjing Road", urgency="now", **form)
    assert dropped.status_code == 303
    with acting(system_actor("tests")):
        made = session.scalars(select(Dossier).where(Dossier.code == "C1")).one()
    assert (made.address, made.urgency) == (None, None)
    key, headers = made.id, {"X-CSRFToken": client.csrf}
    session.rollback()
    refused = client.patch(f"{API}{key}", json={"address": "12 Nanjing Road", "version": 1}, headers=headers)
    assert errors_of(refused) == {"address": "This does not apply here; leave it empty."}
    refused = client.patch(f"{API}{key}", json={"delivery": "mail", "version": 1}, headers=headers)
    assert errors_of(refused) == {"address": "This is needed."}
    taken = client.patch(
        f"{API}{key}", json={"delivery": "mail", "address": "12 Nanjing Road", "version": 1}, headers=headers
    )
    assert taken.status_code == 200
    emptied = client.patch(f"{API}{key}", json={"delivery": "phone", "version": 2}, headers=headers)
    assert emptied.json["result"]["address"] is None
    refused = client.post(API, json={"code": "C2", "delivery": "mail"}, headers=headers)
    assert errors_of(refused) == {"address": "This is needed."}


def test_conditions_hold_by_whatever_route(session, people):
    with acting(people["sales"]):
        session.add(Dossier(code="C3", delivery="mail"))
        with pytest.raises(Invalid):
            session.flush()
        session.rollback()
        session.add(Dossier(code="C4", address="12 Nanjing Road"))
        with pytest.raises(Invalid):
            session.flush()


def test_a_computed_value_opens_its_trace(rows, sign_in):
    client = sign_in("renewal")
    page = client.get(f"/dossier/{rows['D2']}").text
    assert '<details class="yx-trace">' in page
    assert "100.00 × 10.00 %" in page
    answer = client.get(f"{API}{rows['D2']}?trace=1").json
    assert answer["trace"]["fee"][-1] == {"label": "Fee", "value": "10.00", "formula": "100.00 × 10.00 %"}
    assert "cut" not in answer["trace"]
    assert "trace" not in client.get(f"{API}{rows['D2']}").json
