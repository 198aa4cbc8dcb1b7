"""Which pages there are, and who may open each: asked of the routes themselves, so that no page can be forgotten."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from app.schema.kinds import Kind
from app.schema.record import lines_of
from app.schema.registry import registry

ROWS = 3
"""How many rows of a table are tried in each state, the newest first, until one may be opened."""
NO_PAGE = (
    "/api/",
    "/static/",
    "/files/",
    "/healthz",
    "/provider/",
    "/brand/",
    "/downloads/<int:export_id>/",
    "/customise/file",
    "/demonstration/progress",
)
NO_PAGE += ("/claim-papers/<", "/documents/<code>", "/verify/<")  # known by what nobody can guess
TABLES = {
    "user_id": "ab_user",
    "role_id": "ab_role",
    "batch_id": "import_batch",
    "FiguresPage": "appraisal_line",
    "DeskPage": "renewal",
    "ClaimDeskPage": "claim",
    "ClaimLinkPage": "claim",
    "ClaimLetterPage": "claim",
    "DocumentsPage": "contract",
    "WebhooksPage": "webhook",
    "export_id": "export_file",
    "LeavingPage": "person",
    "WatchedPage": "measure_alert",
    "plan": "job_period",
}
"""In which table the keys of an address lie, by placeholder or by page; those of a record lie in its own."""
NAMES: Mapping[str, Callable[[], Iterable[str]]] = {
    "HelpPage.show": lambda: [record.__tablename__ for record in registry],
    "ApiPage.show": lambda: [*(record.__tablename__ for record in registry), "measures"],
    "TailoringPage.record": lambda: [record.__tablename__ for record in registry if record.panel.form],
    "TailoringPage.field": lambda: [record.__tablename__ for record in registry if record.panel.form],
    "NoticeTextsPage.edit": lambda: [topic.name for topic in registry.topics],
    "DocumentsPage.list": lambda: [record.__tablename__ for record in registry if record.documents],
    "FiguresPage.behind": lambda: [measure.name for measure in registry.measures],
    "ReportsPage.show": lambda: [report.name for report in registry.reports],
    "ReportsPage.behind": lambda: [report.name for report in registry.reports if report.opens],
    "JobsPage.show": lambda: [job.name for job in registry.jobs],
}
"""The names in the addresses of pages that are not a record's own."""

PARTS: Mapping[str, Callable[[], Iterable[str]]] = {
    "field": lambda: ["add"],
    "place": lambda: ["claim.approve"],
}
"""What else stands in addresses: enough to open one page of each."""


class Places:
    """The pages of an application whose database, an SQLite file served by another process, is read beside it."""

    def __init__(self, app: Flask, database: Path) -> None:
        self._app = app
        self._connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        """Each rule that answers GET, one for each step, report and whatever else has a name; with what is tried."""
        adapter = self._app.url_map.bind("")
        for rule in sorted(self._app.url_map.iter_rules(), key=str):
            if "GET" in (rule.methods or ()) and not rule.rule.startswith(NO_PAGE):
                named = rule.endpoint in NAMES or rule.endpoint.endswith(".ask")
                tries: defaultdict[str, list[str]] = defaultdict(list)
                for values in self._values(rule):
                    place = rule.rule.replace("<name>", str(values.get("name"))) if named else rule.rule
                    tries[place].append(adapter.build(rule.endpoint, values))
                yield from (tries or {rule.rule: []}).items()

    def _values(self, rule: Rule) -> Iterator[dict[str, object]]:
        wanted = sorted(rule.arguments)
        for chosen in product(*(self._known(rule, argument) for argument in wanted)):
            values = dict(zip(wanted, chosen, strict=True))
            if "key>/compare" in rule.rule:
                values["v"] = self._versions(rule.endpoint.partition(".")[0], values["key"])
            yield values

    def _known(self, rule: Rule, argument: str) -> list[object]:
        """What may stand for a placeholder; raises KeyError for one that is not known here: say it above."""
        page, _, view = rule.endpoint.partition(".")
        if page not in registry:
            if rule.endpoint in NAMES and argument == "name":
                return list(NAMES[rule.endpoint]())
            if argument in PARTS:
                return list(PARTS[argument]())
            if argument == "column":
                return sorted({column for report in registry.reports for column in report.opens})
            return self._keys(TABLES[argument] if argument in TABLES else TABLES[page])
        record = registry[page]
        lines = [str(line.__tablename__) for line in lines_of(record)]
        if argument == "line" or (argument == "name" and "line" in view and "reveal" not in view):
            return list(lines)
        if argument == "part_key":
            return sorted({key for line in lines for key in self._keys(line)})
        if argument == "name" and view == "ask":
            return [step.name for step in record.workflow.steps] if record.workflow else []
        if argument == "name":
            return [name for owner in (record, *lines_of(record)) for name in _private(owner)]
        return self._keys(page)

    def _keys(self, table: str) -> list[object]:
        columns = {name for _at, name, *_more in self._connection.execute(f'PRAGMA table_info("{table}")')}
        place = f"row_number() OVER (PARTITION BY {'state' if 'state' in columns else 1} ORDER BY rowid DESC)"
        found = self._connection.execute(
            f'SELECT key FROM (SELECT rowid AS key, {place} AS place FROM "{table}") WHERE place <= {ROWS} '
            "ORDER BY place, key DESC"
        )
        return [key for (key,) in found]

    def _versions(self, record: str, key: object) -> list[object]:
        """The entries of the history that may be compared, those of a row's making and changing."""
        written = "record = ? AND record_id = ? AND part_of IS NULL AND changes <> '{}'"
        found = self._connection.execute(f"SELECT id FROM audit_entry WHERE {written} LIMIT 2", (record, key))
        return [entry for (entry,) in found]


def _private(record: type) -> list[str]:
    kinds = ((column.key, column.info.get("kind")) for column in record.__table__.columns)  # type: ignore[attr-defined]
    return [name for name, kind in kinds if isinstance(kind, Kind) and kind.private]
