"""The department on its way through a claim, by the API; its customer by the link in the mail."""

import re
from datetime import date

from sqlalchemy import select

from app.kernel import outside
from app.kernel.actor import acting, system_actor
from app.kernel.tables import Notice
from models.claims import Paper

SYSTEM = system_actor("tests", "cli")
ACCOUNT = "6222020200011122336"


class House:
    """People of a department at work on one claim under `contract`, each by an API client of his or her own."""

    def __init__(self, app, backend, sign_in):
        self.app, self._backend, self._sign_in, self._clients = app, backend, sign_in, {}
        self.claim = self.contract = 0

    def by(self, who):
        if who not in self._clients:
            self._clients[who] = self._sign_in(who)
        return self._clients[who]

    def api(self, who, verb, path, expected=(200, 201), **body):
        client = self.by(who)
        answer = client.open(f"/api/v1/{path}", method=verb, json=body, headers={"X-CSRFToken": client.csrf})
        assert answer.status_code in expected, (path, answer.status_code, answer.text)
        return answer.json

    def report(self, **more):
        said = {"contract_id": self.contract, "occurred_on": "2026-02-08", "cause": "collision", "claimed": "3000"}
        payee = {"payee": "Li Na", "payee_is": "beneficiary", "payee_account": ACCOUNT}
        self.claim = self.api("service", "POST", "claim/", **(said | payee | more))["result"]["id"]

    def step(self, who, name, expected=(200, 201), **answers):
        version = self.api(who, "GET", f"claim/{self.claim}")["result"]["version"]
        return self.api(who, "POST", f"claim/{self.claim}/steps/{name}", expected, version=version, **answers)

    def look(self, statement):
        with acting(SYSTEM), self._backend.session() as session:
            return session.execute(statement).all()

    def write(self, act):
        with acting(SYSTEM), self._backend.session() as session, session.begin():
            return act(session)

    def papers(self):
        return self.write(lambda s: {p.name: p for p in s.scalars(select(Paper).where(Paper.claim_id == self.claim))})

    def examine(self, **verdicts):
        def act(session):
            for paper in session.scalars(select(Paper).where(Paper.claim_id == self.claim, Paper.required)):
                paper.received_on = paper.received_on or date(2026, 2, 9)
                paper.authentic = paper.complete = paper.relevant = True
                for field, value in verdicts.get(paper.name.replace(" ", "_"), {}).items():
                    setattr(paper, field, value)

        self.write(act)

    def notices(self, name):
        about = select(Notice).where(Notice.dedupe_key.startswith(f"claims.{name}:")).order_by(Notice.id)
        return [row[0] for row in self.look(about)]

    def link(self):
        """The link of the newest list the customer was told, as a path of the panel."""
        newest = max((*self.notices("reported"), *self.notices("supplement")), key=lambda each: each.id)
        (address,) = re.findall(r"https?://\S+", newest.body)[:1]
        return address[len(outside.house_address("")) :]
