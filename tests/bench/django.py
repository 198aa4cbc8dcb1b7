"""Django's admin on the same tables: its own models, sign-in and pages, tuned; nothing of ours.

``python -m tests.bench.django BACKEND URL FOLDER ROWS`` serves its tasks (see `tests.bench.subject`).
"""

import json
from collections.abc import Callable, Generator
from typing import Any

from django.db import connection
from werkzeug.test import Client, TestResponse

from tests.bench import asked, django_site
from tests.bench.django_files import DjangoFiles
from tests.bench.shape import Ground
from tests.bench.subject import Outcome, Work, serve, statements, task

CONTRACTS = "/admin/bench/contract/"


class Django(DjangoFiles):
    """Django's admin as a superuser sees it."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        django_site.configure(ground.url)
        self.client = Client(django_site.application())
        self._sign_in()
        connection.execute_wrappers.append(_counted)

    def _sign_in(self) -> None:
        sent = asked.fields(self.client.get("/admin/login/").data)
        sent |= {"username": django_site.USER, "password": django_site.PASSWORD}
        answer = self.client.post("/admin/login/?next=/admin/", data=sent)
        assert answer.status_code == 302, answer.text

    def _get(
        self, address: str, read: Callable[[bytes], tuple[str, ...]] = asked.named
    ) -> Generator[Work, Any, Outcome]:
        answer: TestResponse = yield lambda: self.client.get(address)
        assert answer.status_code == 200, f"{address}: {answer.status_code} {answer.headers.get('Location')}"
        return Outcome(len(answer.data), found=read(answer.data))

    @task("list")
    def first_page(self) -> Generator[Work, Any, Outcome]:
        """The newest contracts."""
        return (yield from self._get(CONTRACTS))

    @task("sorted")
    def sorted_page(self) -> Generator[Work, Any, Outcome]:
        """Those that expire last."""
        return (yield from self._get(f"{CONTRACTS}?o=-6"))

    @task("deep")
    def deep_page(self) -> Generator[Work, Any, Outcome]:
        """A page far down, by offset."""
        return (yield from self._get(f"{CONTRACTS}?p={asked.deep(self.ground.shape) + 1}"))

    @task("last")
    def last_page(self) -> Generator[Work, Any, Outcome]:
        """The oldest contracts, by offset."""
        return (yield from self._get(f"{CONTRACTS}?p={(self.ground.shape.rows - 1) // asked.PAGE + 1}"))

    @task("filter")
    def filtered(self) -> Generator[Work, Any, Outcome]:
        """Those in force that expire within 30 days."""
        first, last = asked.SOON
        span = f"expires_on__gte={first}&expires_on__lte={last}"
        return (yield from self._get(f"{CONTRACTS}?state__exact=in_force&{span}"))

    @task("own")
    def own_rows(self) -> Generator[Work, Any, Outcome]:
        """Those of one specialist, as a filter."""
        return (yield from self._get(f"{CONTRACTS}?owner_id__exact={self.ground.shape.specialist}"))

    @task("number")
    def search_number(self) -> Generator[Work, Any, Outcome]:
        """Those whose number holds some digits."""
        return (yield from self._get(f"{CONTRACTS}?q={asked.searched_number(self.ground.shape)}"))

    @task("name")
    def search_name(self) -> Generator[Work, Any, Outcome]:
        """Those of customers of a name."""
        return (yield from self._get(f"{CONTRACTS}?q={asked.searched_name(self.ground.shape)}"))

    @task("picker")
    def picker(self) -> Generator[Work, Any, Outcome]:
        """Customers to choose from. It gives the newest, ours those that begin with the word: not compared."""
        asks = "app_label=bench&model_name=contract&field_name=customer"
        address = f"/admin/autocomplete/?{asks}&term={asked.picked(self.ground.shape)}"

        def read(body: bytes) -> tuple[str, ...]:
            assert json.loads(body)["results"]
            return ()

        return (yield from self._get(address, read))

    @property
    def _edited(self) -> str:
        return f"{CONTRACTS}{asked.edited(self.ground.shape)}/change/"

    @task("form")
    def edit_form(self) -> Generator[Work, Any, Outcome]:
        """The form of a contract, links picked lazily."""
        return (yield from self._get(self._edited))

    @task("save")
    def save(self) -> Generator[Work, Any, Outcome]:
        """The form sent with another remark: checked, saved, noted in its log."""
        sent = asked.fields(self.client.get(self._edited).data)
        sent = {name: value for name, value in sent.items() if name not in ("_addanother", "_continue")}
        sent["remark"] = "again" if sent["remark"] != "again" else "and again"
        answer = yield lambda: self.client.post(self._edited, data=sent)
        assert asked.fields(self.client.get(self._edited).data)["remark"] == sent["remark"], answer.text
        return Outcome(len(answer.data), rows=1)

    @task("export")
    def export(self) -> Generator[Work, Any, Outcome]:
        """A fifth of the running contracts as CSV."""
        first, last = asked.EXPORTED
        address = f"{CONTRACTS}export/?expires_on__gte={first}&expires_on__lte={last}"
        size, rows = yield lambda: asked.drained(self.client.get(address).response)
        return Outcome(size, rows)


def _counted(execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
    statements.count += 1
    return execute(sql, params, many, context)


if __name__ == "__main__":
    serve(Django)
