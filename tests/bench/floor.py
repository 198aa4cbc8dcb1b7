"""The floor: a bare Flask view and plain SQL that give the same result. Nobody signs in, nothing is guarded.

``python -m tests.bench.floor BACKEND URL FOLDER ROWS`` serves its tasks (see `tests.bench.subject`).
"""

import csv
import io
from collections.abc import Generator, Iterator
from datetime import date
from typing import Any

from flask import Flask, Response, jsonify, redirect, request
from sqlalchemy import create_engine, text

from app.kernel.database import address, engine_options, prepare, read_only
from tests.bench import asked
from tests.bench.floor_jobs import FloorJobs
from tests.bench.shape import Ground
from tests.bench.subject import Outcome, Work, serve, task

COLUMNS = "c.id, c.number, cu.name AS customer, p.name AS product, c.premium, c.starts_on, c.expires_on, c.state"
JOINED = "FROM contract c JOIN customer cu ON cu.id = c.customer_id JOIN product p ON p.id = c.product_id"
COUNTED = "SELECT count(*) FROM (SELECT c.id FROM contract c WHERE {where} LIMIT 10001) AS counted"
SEARCH = (
    "c.id IN (SELECT id FROM contract WHERE {number} OR {plate}"
    " UNION SELECT k.id FROM contract k JOIN customer u ON u.id = k.customer_id WHERE {name})"
)

LIST = """<!doctype html><title>Contracts</title><table>
{% for row in rows %}<tr><td>{{ row.number }}<td>{{ row.customer }}<td>{{ row.product }}<td>{{ row.premium }}
<td>{{ row.starts_on }}<td>{{ row.expires_on }}<td>{{ row.state }}{% endfor %}</table><p>{{ count }}</p>"""
FORM = """<!doctype html><title>Contract</title><form method="post">
{% for name, value in row.items() %}<label>{{ name }}
<input name="{{ name }}" value="{{ value if value is not none }}"></label>{% endfor %}<button>Save</button></form>"""


class Floor(FloorJobs):
    """Flask and SQL."""

    def __init__(self, ground: Ground) -> None:
        super().__init__(ground)
        url = address(ground.url)
        self.engine = prepare(create_engine(url, **engine_options(url)))
        self.like = "LIKE" if ground.backend == "sqlite" else "ILIKE"
        self.app = Flask(__name__)
        self.app.add_url_rule("/contracts", view_func=self._list)
        self.app.add_url_rule("/contracts/<int:key>", view_func=self._form)
        self.app.add_url_rule("/contracts/<int:key>", view_func=self._save, methods=["POST"])
        self.app.add_url_rule("/customers", view_func=self._pick)
        self.app.add_url_rule("/api/contracts", view_func=self._rest)
        self.app.add_url_rule("/contracts.csv", view_func=self._export)
        self._page, self._edit = self.app.jinja_env.from_string(LIST), self.app.jinja_env.from_string(FORM)
        self.client = self.app.test_client()

    def _rows(self, sql: str, **values: Any) -> Any:
        with read_only(), self.engine.connect() as connection:
            return connection.execute(text(sql), values).all()

    def _contains(self, column: str) -> str:
        return f"{column} {self.like} :q"

    def _days(self, span: tuple[date, date]) -> dict[str, Any]:
        written = (str(day) if self.ground.backend == "sqlite" else day for day in span)
        return dict(zip(("first", "last"), written, strict=True))

    def _list(self) -> str:
        where, down = "1 = 1", request.args.get("page") != "last"
        values: dict[str, Any] = {}
        if word := request.args.get("q"):
            where = SEARCH.format(**{name: self._contains(name) for name in ("number", "plate", "name")})
            values["q"] = f"%{word}%"
        if owner := request.args.get("owner"):
            where, values = "c.owner_id = :owner", {"owner": int(owner)}
        if "soon" in request.args:
            where = "c.state = 'in_force' AND c.expires_on BETWEEN :first AND :last"
            values = self._days(asked.SOON)
        if before := request.args.get("before"):
            where, values = "c.id < :before", {"before": int(before)}
        by = "c.expires_on DESC, c.id" if "sorted" in request.args else "c.id"
        order = f"ORDER BY {by} {'DESC' if down else 'ASC'} LIMIT {asked.PAGE + 1}"
        rows = self._rows(f"SELECT {COLUMNS} {JOINED} WHERE {where} {order}", **values)[: asked.PAGE]
        count = self._rows(COUNTED.format(where=where), **values)[0][0]
        return self._page.render(rows=rows if down else reversed(rows), count=count)

    def _form(self, key: int) -> str:
        chosen = "c.*, cu.name AS customer, p.name AS product"
        return self._edit.render(row=self._rows(f"SELECT {chosen} {JOINED} WHERE c.id = :key", key=key)[0]._mapping)

    def _save(self, key: int) -> Any:
        with self.engine.begin() as connection:
            connection.execute(
                text(
                    "UPDATE contract SET remark = :remark, version = version + 1 WHERE id = :key AND version = :version"
                ),
                {"key": key, "remark": request.form["remark"], "version": int(request.form["version"])},
            )
        return redirect(f"/contracts/{key}")

    def _pick(self) -> Response:
        word = request.args["q"]
        where = " OR ".join(self._contains(column) for column in ("number", "name"))
        sql = f"SELECT id, name FROM customer WHERE {where} ORDER BY id DESC LIMIT {asked.LOOKED_AT}"
        found = self._rows(sql, q=f"%{word}%")
        found.sort(key=lambda row: (not row.name.startswith(word), row.name))
        return jsonify(options=[{"value": row.id, "text": row.name} for row in found[: asked.PICKED]])

    def _rest(self) -> Response:
        rows = self._rows(f"SELECT * FROM contract ORDER BY id DESC LIMIT {asked.REST_PAGE}")
        shown = [{name: None if v is None else str(v) for name, v in row._mapping.items()} for row in rows]
        return jsonify(result=shown)

    def _export(self) -> Response:
        def lines() -> Iterator[str]:
            with read_only(), self.engine.connect() as connection:
                span = "c.expires_on BETWEEN :first AND :last"
                sql = text(f"SELECT c.*, cu.name, p.name {JOINED} WHERE {span} ORDER BY c.id DESC")
                found = connection.execution_options(yield_per=1000).execute(sql, self._days(asked.EXPORTED))
                yield ",".join(found.keys()) + "\n"
                for rows in found.partitions():
                    part = io.StringIO()
                    csv.writer(part).writerows(rows)
                    yield part.getvalue()

        return Response(lines(), mimetype="text/csv")

    def _get(self, address_: str) -> Generator[Work, Any, Outcome]:
        answer = yield lambda: self.client.get(address_)
        assert answer.status_code == 200, address_
        return Outcome(len(answer.data), found=asked.named(answer.data))

    @task("list")
    def first_page(self) -> Generator[Work, Any, Outcome]:
        """The newest contracts."""
        return (yield from self._get("/contracts"))

    @task("sorted")
    def sorted_page(self) -> Generator[Work, Any, Outcome]:
        """Those that expire last."""
        return (yield from self._get("/contracts?sorted"))

    @task("deep")
    def deep_page(self) -> Generator[Work, Any, Outcome]:
        """A page far down, by key."""
        before = self.ground.shape.rows - asked.deep(self.ground.shape) * asked.PAGE + 1
        return (yield from self._get(f"/contracts?before={before}"))

    @task("last")
    def last_page(self) -> Generator[Work, Any, Outcome]:
        """The oldest contracts."""
        return (yield from self._get("/contracts?page=last"))

    @task("filter")
    def filtered(self) -> Generator[Work, Any, Outcome]:
        """Those in force that expire within 30 days."""
        return (yield from self._get("/contracts?soon"))

    @task("own")
    def own_rows(self) -> Generator[Work, Any, Outcome]:
        """Those of one specialist."""
        return (yield from self._get(f"/contracts?owner={self.ground.shape.specialist}"))

    @task("number")
    def search_number(self) -> Generator[Work, Any, Outcome]:
        """Those whose number holds some digits."""
        return (yield from self._get(f"/contracts?q={asked.searched_number(self.ground.shape)}"))

    @task("name")
    def search_name(self) -> Generator[Work, Any, Outcome]:
        """Those of customers of a name."""
        return (yield from self._get(f"/contracts?q={asked.searched_name(self.ground.shape)}"))

    @task("picker")
    def picker(self) -> Generator[Work, Any, Outcome]:
        """Customers to choose from."""
        return (yield from self._get(f"/customers?q={asked.picked(self.ground.shape)}"))

    @task("form")
    def edit_form(self) -> Generator[Work, Any, Outcome]:
        """The form of a contract."""
        return (yield from self._get(f"/contracts/{asked.edited(self.ground.shape)}"))

    @task("save")
    def save(self) -> Generator[Work, Any, Outcome]:
        """The form sent with another remark."""
        url = f"/contracts/{asked.edited(self.ground.shape)}"
        sent = asked.fields(self.client.get(url).data)
        sent["remark"] = f"after version {sent['version']}"
        answer = yield lambda: self.client.post(url, data=sent)
        assert answer.status_code == 302
        return Outcome(len(answer.data), rows=1)

    @task("rest")
    def rest(self) -> Generator[Work, Any, Outcome]:
        """A hundred contracts as JSON."""
        return (yield from self._get("/api/contracts"))

    @task("export")
    def export(self) -> Generator[Work, Any, Outcome]:
        """A fifth of the running contracts as CSV, through a cursor."""
        size, rows = yield lambda: asked.drained(self.client.get("/contracts.csv").response)
        return Outcome(size, rows)


if __name__ == "__main__":
    serve(Floor)
