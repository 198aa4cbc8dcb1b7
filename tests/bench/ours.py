"""Ours: the panel through its WSGI application, signed in as the manager, who sees every row.

``python -m tests.bench.ours BACKEND URL FOLDER ROWS`` serves its tasks (see `tests.bench.subject`).
"""

import gzip
import re
from collections.abc import Generator
from html import unescape
from types import SimpleNamespace
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.cli.panel import sync
from app.panel.fields import field_of
from app.panel.keyset import Order
from models.contracts import Contract
from tests.bench import asked, measures, plain
from tests.bench.founding import application
from tests.bench.ours_jobs import OurJobs
from tests.bench.shape import TEAM_ROLES, Ground
from tests.bench.subject import Absent, Outcome, Work, serve, task
from tests.department import sign_in

_ASSET = re.compile(r'(?:src|href)="(/static/[^"#]+)')


class Ours(OurJobs):
    """The panel as people use it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        measures.declare()
        plain.declare()
        self.app = application(ground.url, ground.folder)
        with self.app.app_context():
            sync()
        self.client, self.csrf = self._enter("manager")
        place = TEAM_ROLES.index("renewal")
        self.specialist, _ = self._enter(f"{TEAM_ROLES[place]}{ground.shape.specialist}")

    def _enter(self, username: str) -> tuple[FlaskClient, str]:
        client = self.app.test_client()
        return client, sign_in(client, username)

    def _get(self, address: str, client: FlaskClient | None = None) -> Generator[Work, Any, Outcome]:
        client = client or self.client
        answer: TestResponse = yield lambda: client.get(address)
        if answer.status_code == 404:
            raise Absent("not there yet")
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.text[-2000:]}"
        return Outcome(len(answer.data), found=asked.named(answer.data))

    @task("list")
    def first_page(self) -> Generator[Work, Any, Outcome]:
        """The newest contracts."""
        return (yield from self._get("/contract/"))

    @task("sorted")
    def sorted_page(self) -> Generator[Work, Any, Outcome]:
        """Those that expire last."""
        return (yield from self._get("/contract/?order=-expires_on"))

    @task("deep")
    def deep_page(self) -> Generator[Work, Any, Outcome]:
        """A page far down, by the key of the row before it, as "next" leads there."""
        before = self.ground.shape.rows - asked.deep(self.ground.shape) * asked.PAGE + 1
        order = Order(field_of(Contract, "id"), descending=True)
        return (yield from self._get(f"/contract/?after={order.key_of(SimpleNamespace(id=before))}"))

    @task("last")
    def last_page(self) -> Generator[Work, Any, Outcome]:
        """The oldest contracts, read backwards."""
        return (yield from self._get("/contract/?before=end"))

    @task("filter")
    def filtered(self) -> Generator[Work, Any, Outcome]:
        """Those in force that expire within 30 days."""
        first, last = asked.SOON
        span = f"expires_on.from={first}&expires_on.to={last}"
        return (yield from self._get(f"/contract/?state=in_force&{span}"))

    @task("own")
    def own_rows(self) -> Generator[Work, Any, Outcome]:
        """Those a specialist may see: the newest of one's own, and of those one works the renewal of."""
        return (yield from self._get("/contract/", self.specialist))

    @task("number")
    def search_number(self) -> Generator[Work, Any, Outcome]:
        """Those whose number holds some digits."""
        return (yield from self._get(f"/contract/?q={asked.searched_number(self.ground.shape)}"))

    @task("name")
    def search_name(self) -> Generator[Work, Any, Outcome]:
        """Those of customers of a name."""
        return (yield from self._get(f"/contract/?q={asked.searched_name(self.ground.shape)}"))

    @task("picker")
    def picker(self) -> Generator[Work, Any, Outcome]:
        """Customers to choose from."""
        return (yield from self._get(f"/contract/pick/customer_id?q={asked.picked(self.ground.shape)}"))

    @task("form")
    def edit_form(self) -> Generator[Work, Any, Outcome]:
        """The form of a contract."""
        return (yield from self._get(self._edited))

    @task("save")
    def save(self) -> Generator[Work, Any, Outcome]:
        """The form sent with another remark: checked, saved, its version raised and its history written."""
        sent = asked.fields(self.client.get(self._edited).data)
        if "version" not in sent:
            raise Absent("not there yet")
        sent["remark"] = f"after version {sent['version']}"
        answer = yield lambda: self.client.post(self._edited, data=sent)
        assert answer.status_code in (302, 303), f"{answer.status_code}: {answer.text[-2000:]}"
        return Outcome(len(answer.data), rows=1)

    @property
    def _edited(self) -> str:
        return f"/contract/{asked.edited(self.ground.shape)}/edit"

    @task("rest")
    def rest(self) -> Generator[Work, Any, Outcome]:
        """A hundred contracts as JSON."""
        return (yield from self._get(f"/api/v1/contract/?psize={asked.REST_PAGE}"))

    @task("page")
    def page_sent(self) -> Generator[Work, Any, Outcome]:
        """The list as it is sent to browsers."""
        answer = yield lambda: self.client.get("/contract/", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        return Outcome(len(answer.data))

    @task("assets")
    def assets_sent(self) -> Generator[Work, Any, Outcome]:
        """What the list loads once: scripts, styles, icons."""
        page = self.client.get("/contract/").text
        addresses = sorted({unescape(found) for found in _ASSET.findall(page)})
        bodies = yield lambda: [self.client.get(address).data for address in addresses]
        return Outcome(sum(len(gzip.compress(body, 6)) for body in bodies))

    @task("export")
    def export(self) -> Generator[Work, Any, Outcome]:
        """A fifth of the running contracts as CSV."""
        first, last = asked.EXPORTED
        address = f"/contract/export.csv?expires_on.from={first}&expires_on.to={last}"
        headers = {"X-CSRFToken": self.csrf}
        size, rows = yield lambda: asked.drained(self.client.post(address, headers=headers).response)
        return Outcome(size, rows)


if __name__ == "__main__":
    serve(Ours)
