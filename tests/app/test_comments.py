"""Comments: said by and to those who see the row; who is named is told only if he or she sees it too."""

import pytest
from sqlalchemy import select

from app.kernel import comments
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry, Comment, Notice
from app.schema.errors import NotFound, NotPermitted, Refusal
from tests.gadget import Gadget, GadgetPart
from tests.screens import plain, post

SECRET = "between you and me"


@pytest.fixture
def gadget(session, people):
    """A gadget of the specialist `renewal`."""
    with acting(people["renewal"]):
        row = Gadget(code="G-1", buyer_phone="+8613800138000")
        session.add(row)
        session.commit()
        key = row.id
        session.rollback()
    return key


def told(session):
    session.rollback()
    mentions = select(Notice.user_id).where(Notice.record == "gadget").order_by(Notice.id)
    found = session.scalars(mentions).all()
    session.rollback()
    return found


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_is_named_is_told_if_the_row_is_in_sight_else_the_author_is(session, people, sign_in, gadget):
    client = sign_in("renewal")
    text = "@supervisor please look, @renewal2 too, @renewal.b. and @nobody.here; mail a@manager.cn @renewal"
    answer = post(client, f"/gadget/{gadget}/comments", text=text)
    assert answer.status_code == 303
    page = plain(client.get(f"/gadget/{gadget}").text)
    assert "Renewal2 Tester cannot see this and was not told." in page
    assert "Renewal.b Tester cannot see this and was not told." in page
    assert "@Supervisor Tester please look" in page
    assert "@nobody.here" in page
    assert told(session) == [people["supervisor"].user_id]
    bell = plain(sign_in("supervisor").get("/inbox/").text)
    assert "Renewal Tester mentions you: G-1" in bell
    for stranger in ("renewal2", "renewal.b"):
        assert "G-1" not in sign_in(stranger).get("/inbox/").text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_only_who_sees_the_row_reads_says_or_changes_anything(session, people, sign_in, gadget):
    owner, stranger = sign_in("renewal"), sign_in("renewal2")
    post(owner, f"/gadget/{gadget}/comments", text=SECRET)
    api, headers = f"/api/v1/gadget/{gadget}", {"X-CSRFToken": stranger.csrf}
    for answer in (
        stranger.get(f"/gadget/{gadget}/timeline"),
        stranger.get(f"/gadget/{gadget}/people?q=r"),
        stranger.get(f"/gadget/{gadget}/compare?v=1"),
        post(stranger, f"/gadget/{gadget}/comments", text="hello"),
        post(stranger, f"/gadget/{gadget}/comments/1/edit", text="hello"),
        post(stranger, f"/gadget/{gadget}/comments/1/remove"),
        stranger.get(f"{api}/comments"),
        stranger.get(f"{api}/history"),
        stranger.post(f"{api}/comments", json={"text": "hello"}, headers=headers),
        stranger.patch(f"{api}/comments/1", json={"text": "hello"}, headers=headers),
        stranger.delete(f"{api}/comments/1", headers=headers),
    ):
        assert answer.status_code == 404, answer.request.path
        assert SECRET not in answer.text
    assert session.scalars(select(Comment.text)).all() == [SECRET]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_api_says_reads_corrects_and_withdraws(session, people, sign_in, gadget):
    client, api = sign_in("renewal"), f"/api/v1/gadget/{gadget}/comments"
    headers = {"X-CSRFToken": client.csrf}
    made = client.post(api, json={"text": "first @renewal2"}, headers=headers)
    assert (made.status_code, made.json["not_told"]) == (201, ["Renewal2 Tester"])
    key = made.json["result"]["id"]
    refused = client.post(api, json={"text": " "}, headers=headers)
    assert refused.json["errors"] == [{"pointer": "#/text", "detail": "Write something first."}]
    assert client.post(api, json={"text": ["x"]}, headers=headers).status_code == 422
    assert client.patch(f"{api}/{key}", json={"text": "better"}, headers=headers).json["result"]["text"] == "better"
    manager = sign_in("manager")
    refused = manager.patch(f"{api}/{key}", json={"text": "mine"}, headers={"X-CSRFToken": manager.csrf})
    assert refused.status_code == 403
    assert client.get(api).json["result"][0]["text"] == "better"
    assert manager.delete(f"{api}/{key}", headers={"X-CSRFToken": manager.csrf}).status_code == 204
    left = client.get(api).json["result"][0]
    assert (left["text"], left["removed_at"] is None) == ("", False)
    session.rollback()
    verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.record == "gadget").order_by(AuditEntry.id)).all()
    assert verbs == ["add", "comment", "edit comment", "remove comment"]


def test_an_edit_keeps_what_was_said_and_a_removal_keeps_its_place(session, people, gadget):
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        said = comments.say(session, row, "one").comment
        comments.correct(session, row, said.id, "two @supervisor")
        comments.correct(session, row, said.id, "three @supervisor")
        session.commit()
        assert [text for _at, text in said.earlier] == ["one", "two @supervisor"]
        assert said.edited_at is not None
        comments.withdraw(session, row, said.id)
        session.commit()
        assert (said.text, said.earlier, said.removed_by) == ("", [], "Renewal Tester")
        with pytest.raises(NotFound):
            comments.correct(session, row, said.id, "back")
    assert told(session) == [people["supervisor"].user_id]


def test_anothers_comment_is_not_to_be_changed_nor_removed(session, people, gadget):
    with acting(people["manager"]):
        said = comments.say(session, session.get(Gadget, gadget), "by the manager").comment
        session.commit()
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        with pytest.raises(NotPermitted):
            comments.correct(session, row, said.id, "not by the manager")
        with pytest.raises(NotPermitted):
            comments.withdraw(session, row, said.id)
        session.rollback()


def test_a_row_loaded_by_the_system_gives_nobody_a_voice(session, people, gadget):
    with acting(system_actor("tests")):
        row = session.get(Gadget, gadget)
        part = GadgetPart(gadget_id=gadget, name="wheel")
        session.add(part)
        session.commit()
        key = part.id
    with acting(people["renewal2"]), pytest.raises(NotFound):
        comments.say(session, row, "hello")
    with acting(people["renewal"]), pytest.raises(NotFound):
        comments.say(session, session.get(GadgetPart, key), "about a line")


def test_too_many_names_and_too_much_text_are_refused(session, people, gadget):
    with acting(people["renewal"]):
        row = session.get(Gadget, gadget)
        for text in (" ".join(f"@somebody{n}" for n in range(21)), "x" * 5001, "\x00", None):
            with pytest.raises(Refusal):
                comments.say(session, row, text)
            session.rollback()
            row = session.get(Gadget, gadget)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_names_offered_are_of_those_who_see_this_row(sign_in, gadget):
    client = sign_in("renewal")
    offered = client.get(f"/gadget/{gadget}/people?q=tester").json["options"]
    names = {option["value"] for option in offered}
    assert {"supervisor", "manager", "finance"} <= names
    assert not names & {"renewal", "renewal2", "renewal3", "renewal.b", "supervisor2", "service"}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_was_typed_comes_back_and_markup_is_shown_as_text(sign_in, gadget):
    client = sign_in("renewal")
    answer = post(client, f"/gadget/{gadget}/comments", text="y" * 5001)
    assert answer.status_code == 422
    assert "y" * 5001 in answer.text
    post(client, f"/gadget/{gadget}/comments", text="<script>alert(1)</script> @supervisor <b>")
    page = client.get(f"/gadget/{gadget}").text
    assert "<script>alert(1)" not in page
    assert '&lt;script&gt;alert(1)&lt;/script&gt; <span class="yx-named"' in page
