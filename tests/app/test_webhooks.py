"""Webhooks: owed in the transaction of the change, as their owner may read it, signed, and sent till they are taken."""

import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from app.jobs.sender import back_off, deliver
from app.jobs.webhooks import WebhookCarrier
from app.kernel import outbox
from app.kernel.actor import acting, system_actor
from app.kernel.outbox import Channel, NoticeState
from app.kernel.tables import Notice
from app.kernel.webhooks import addresses, subscriptions
from app.kernel.webhooks.signing import headers, message_id, new_secret
from app.schema.errors import Refusal
from app.schema.registry import registry
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, post

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ALL = [f"gadget.{sort}" for sort in subscriptions.SORTS]


class Receiver(ThreadingHTTPServer):
    """A receiver that answers as it is told: a status, or after a while, and keeps what it took."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Taking)
        self.status, self.rests, self.taken = 204, 0.0, []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.rests)
        if self.server.status < 300:
            self.server.taken.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def receiving():
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


@pytest.fixture
def hooked(app, session, people):
    """Subscribe somebody to what happens to gadgets; the secret."""

    def subscribe(who, url, events=ALL):
        with acting(system_actor("tests")):
            made = subscriptions.subscribe(
                session, app.extensions["seal"], people[who].user_id, "test", url, events, private=True
            )
            session.commit()
        return made

    return subscribe


@pytest.fixture
def carry(app, backend, session):
    """Have everything delivered that waits, whenever its next try is due."""

    def carry(private=True):
        with acting(system_actor("tests")):
            session.execute(update(Notice).values(next_try_at=None))
            session.commit()
        return deliver(
            backend.engine, WebhookCarrier(backend.engine, app.extensions["seal"], private), channel=Channel.WEBHOOK
        )

    return carry


def owed(session):
    with acting(system_actor("tests")):
        found = select(Notice).where(Notice.channel == Channel.WEBHOOK).order_by(Notice.id)
        notices = [(each.address, json.loads(each.body)) for each in session.scalars(found)]
        session.rollback()
    return notices


def api(client, method, url, **body):
    answer = client.open(f"/api/v1/{url}", method=method, json=body, headers={"X-CSRFToken": client.csrf})
    assert answer.status_code < 300, answer.text
    return answer.json["result"] if answer.data else None


def test_what_happens_is_owed_signed_and_taken_once(session, sign_in, hooked, carry, receiver):
    _hook, secret = hooked("manager", receiver.url)
    client, other = sign_in("renewal"), sign_in("manager")
    row = api(client, "POST", "gadget/", code="a", buyer_phone="+8613800138000")
    row = api(client, "PATCH", f"gadget/{row['id']}", version=row["version"], name="called", price="5")
    row = api(client, "POST", f"gadget/{row['id']}/steps/offer", version=row["version"])
    api(client, "POST", "gadget_part/", gadget_id=row["id"], name="wheel")
    version = client.get(f"/api/v1/gadget/{row['id']}").json["result"]["version"]
    api(other, "DELETE", f"gadget/{row['id']}?version={version}")
    assert carry() == {"written": 5, "stood": 0, "dead": 0}
    assert carry() == {"written": 0, "stood": 0, "dead": 0}
    told = [Verifier(secret).verify(body, sent) for sent, body in receiver.taken]
    kinds = ["added", "changed", "step.offer", "changed", "deleted"]
    assert [each["type"] for each in told] == [f"gadget.{kind}" for kind in kinds]
    assert told[0]["data"]["row"]["code"] == "a"
    assert told[1]["data"]["changed"] == ["name", "price"]
    assert told[4]["data"] == {"record": "gadget", "id": row["id"]}
    assert "13800138" not in "".join(body.decode() for _sent, body in receiver.taken), "private values are masked"
    assert len({sent["webhook-id"] for sent, _body in receiver.taken}) == 5
    sent, body = receiver.taken[0]
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace(b'"a"', b'"b"'), sent)
    with pytest.raises(WebhookVerificationError):
        Verifier(new_secret()).verify(body, sent)


@on_sqlite
def test_its_owner_is_told_only_of_what_he_or_she_may_read(session, people, hooked, receiver):
    mine, _ = hooked("renewal", receiver.url, [*ALL, "dossier.added"])
    hooked("renewal3", receiver.url)
    whole, _ = hooked("manager", receiver.url, ["dossier.added"])
    with acting(people["renewal"]):
        session.add(Gadget(code="a"))
        session.commit()
    told = owed(session)
    assert [address for address, _told in told] == [str(mine.id)], "renewal3 does not see it"
    with acting(people["renewal"]):
        session.scalars(select(Gadget)).one().name = "b"
        session.flush()
        session.rollback()
    assert owed(session) == told, "what is rolled back is owed to nobody"
    with acting(system_actor("tests")):
        make(session, registry["dossier"], people["renewal"], reserve=777)
        session.commit()
    assert "gadget.changed" not in [told["type"] for _address, told in owed(session)], "nor by the next commit"
    rows = {address: told["data"]["row"] for address, told in owed(session) if told["type"] == "dossier.added"}
    assert rows.keys() == {str(mine.id), str(whole.id)}
    assert rows[str(whole.id)]["reserve"] == "777.00"
    assert "reserve" not in rows[str(mine.id)], "a field its owner may not read"


@on_sqlite
def test_that_a_row_is_gone_is_told_to_who_saw_it(session, people, hooked, receiver):
    hooked("renewal", receiver.url)
    hooked("renewal3", receiver.url)
    with acting(system_actor("tests")):
        row = make(session, Gadget, people["renewal"])
        session.commit()
        session.delete(row)
        session.commit()
    assert [told["type"] for _address, told in owed(session)] == ["gadget.added", "gadget.deleted"]


@on_sqlite
def test_what_a_savepoint_takes_back_is_not_told_and_the_rest_is(session, sign_in, hooked, receiver):
    hooked("manager", receiver.url)
    client = sign_in("renewal")
    rows = [{"add": {"code": "a"}}, {"add": {"code": "a"}}, {"add": {"code": "b"}}, {"add": {}}]
    answer = client.post("/api/v1/gadget/bulk", json={"rows": rows}, headers={"X-CSRFToken": client.csrf})
    assert [each["status"] for each in answer.json["result"]] == [201, 422, 201, 422]
    assert [told["data"]["row"]["code"] for _address, told in owed(session)] == ["a", "b"]
    row = answer.json["result"][0]["result"]
    half = {"id": row["id"], "version": row["version"], "name": "x", "lines": {"gadget_part": [{"cost": "x"}]}}
    answer = client.post("/api/v1/gadget/bulk", json={"rows": [{"change": half}]}, headers={"X-CSRFToken": client.csrf})
    assert [each["status"] for each in answer.json["result"]] == [422]
    assert len(owed(session)) == 2, "the row was written, and taken back with its line"
    together = {"rows": [{"add": {"code": "c"}}, {"add": {}}], "together": True}
    answer = client.post("/api/v1/gadget/bulk", json=together, headers={"X-CSRFToken": client.csrf})
    assert (answer.status_code, [each["status"] for each in answer.json["result"]]) == (422, [201, 422])
    assert len(owed(session)) == 2


def test_a_receiver_down_slow_or_broken_loses_nothing_and_gets_nothing_twice(
    session, sign_in, hooked, carry, receiver, monkeypatch
):
    monkeypatch.setattr("app.jobs.webhooks.TIMEOUT", (0.5, 0.5))
    _hook, secret = hooked("manager", receiver.url)
    client = sign_in("renewal")
    for number in range(3):
        api(client, "POST", "gadget/", code=f"g{number}")
    receiver.status = 500
    assert carry() == {"written": 0, "stood": 3, "dead": 0}
    receiver.status = 302
    assert carry()["stood"] == 3, "a redirection is not followed"
    receiver.status, receiver.rests = 204, 1.5
    assert carry()["stood"] == 3
    receiver.rests = 0
    time.sleep(2)  # what the slow receiver took, though nobody waited for it
    assert carry() == {"written": 3, "stood": 0, "dead": 0}
    took = Counter(sent["webhook-id"] for sent, _body in receiver.taken)
    assert len(took) == 3, "each is known again by its id"
    assert all(Verifier(secret).verify(body, sent) for sent, body in receiver.taken)


def test_one_that_is_given_up_is_dead_and_can_be_tried_again(session, sign_in, hooked, carry, backend):
    with receiving() as server:
        url = server.url
    hooked("manager", url)
    api(sign_in("renewal"), "POST", "gadget/", code="a")
    with acting(system_actor("tests")):
        session.execute(update(Notice).values(attempts=7))
        session.commit()
    assert carry() == {"written": 0, "stood": 0, "dead": 1}
    client = sign_in("operations")
    page = client.get("/undelivered/").text
    assert "gadget.added" in page
    assert "the receiver does not answer" in page
    with acting(system_actor("tests")):
        assert outbox.revive(session) == 1
        session.commit()
        (notice,) = session.scalars(select(Notice).where(Notice.channel == Channel.WEBHOOK))
        assert (notice.state, notice.attempts) == (NoticeState.WAITING, 0)
        session.rollback()
    assert back_off(1) == timedelta(minutes=1)


@on_sqlite
def test_a_secret_is_changed_while_both_hold(app, session, sign_in, hooked, carry, receiver):
    hook, old = hooked("manager", receiver.url)
    with acting(system_actor("tests")):
        hook = session.get(type(hook), hook.id)
        new = subscriptions.rotate(hook, app.extensions["seal"], datetime.now(UTC))
        assert old not in repr(vars(hook))
        session.commit()
    client = sign_in("renewal")
    api(client, "POST", "gadget/", code="a")
    carry()
    ((sent, body),) = receiver.taken
    assert Verifier(old).verify(body, sent) == Verifier(new).verify(body, sent)
    with acting(system_actor("tests")):
        session.get(type(hook), hook.id).before_until = datetime.now(UTC) - timedelta(seconds=1)
        session.commit()
    api(client, "POST", "gadget/", code="b")
    carry()
    sent, body = receiver.taken[1]
    with pytest.raises(WebhookVerificationError):
        Verifier(old).verify(body, sent)
    assert Verifier(new).verify(body, sent)


@on_sqlite
def test_nothing_is_sent_into_a_private_network(session, sign_in, hooked, carry, receiver):
    hooked("manager", receiver.url)
    api(sign_in("renewal"), "POST", "gadget/", code="a")
    assert carry(private=False) == {"written": 0, "stood": 1, "dead": 0}
    assert receiver.taken == []
    with acting(system_actor("tests")):
        (notice,) = session.scalars(select(Notice).where(Notice.channel == Channel.WEBHOOK))
        assert notice.error == "the address lies within a private network"
        session.rollback()


WITHIN = """
https://10.0.0.1/ https://127.0.0.1/x https://[::1]/ https://[::ffff:10.0.0.1]/ https://localhost/ https://0.0.0.0/
https://169.254.169.254/latest https://100.64.0.1/ https://[fe80::1]/ https://[2002:a00:1::]/ https://h.internal/
http://example.cn/ ftp://example.cn/ https://a:b@example.cn/ x
"""


@pytest.mark.parametrize("url", WITHIN.split())
def test_an_address_within_is_refused_and_one_outside_taken(url):
    with pytest.raises(Refusal):
        addresses.checked(url, private=False)
    assert addresses.checked(" https://hooks.example.cn/a?b=1 ", private=False) == "https://hooks.example.cn/a?b=1"


def test_the_signature_is_the_one_of_the_scheme():
    secret, now = new_secret(), datetime.now(UTC)
    sent = headers(message_id("k"), now, b'{"a":1}', [secret])
    assert Verifier(secret).sign(sent["webhook-id"], now, '{"a":1}') == sent["webhook-signature"]


@on_sqlite
def test_subscriptions_are_administered_in_the_browser(app, session, people, sign_in):
    client = sign_in("manager")
    assert sign_in("renewal").get("/webhooks/").status_code == 403
    form = {"name": "ERP", "url_": "https://erp.example.cn/in", "events": ["gadget.added", "gadget.step"]}
    for wrong in ({"url_": "https://10.0.0.1/"}, {"events": []}, {"name": " "}, {"events": ["nothing.added"]}):
        assert post(client, "/webhooks/", **(form | wrong)).status_code == 422
    page = post(client, "/webhooks/", **form).text
    assert "whsec_" in page
    page = client.get("/webhooks/").text
    assert "whsec_" not in page, "shown once"
    assert "https://erp.example.cn/in" in plain(page)
    with acting(system_actor("tests")):
        (hook,) = subscriptions.mine(session, people["manager"].user_id)
        assert hook.events == "gadget.added gadget.step"
        key = hook.id
        session.rollback()
    changed = post(client, f"/webhooks/{key}", **(form | {"name": "ERP 2"}))
    assert changed.status_code == 303
    assert "whsec_" in post(client, f"/webhooks/{key}/rotate").text
    other = sign_in("admin")
    for act in ("", "/rotate", "/remove"):
        assert post(other, f"/webhooks/{key}{act}", **form).status_code == 404
    with acting(system_actor("tests")):
        session.expire_all()
        (hook,) = subscriptions.mine(session, people["manager"].user_id)
        assert (hook.name, hook.active) == ("ERP 2", False)
        session.rollback()
    assert post(client, f"/webhooks/{key}/remove").status_code == 303
    with acting(system_actor("tests")):
        assert subscriptions.mine(session, people["manager"].user_id) == []
        session.rollback()
