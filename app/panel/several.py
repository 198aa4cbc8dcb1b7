"""Something done to several rows at once: what is asked before, each row by itself, and what became of each."""

from collections.abc import Callable
from typing import Any

from flask import render_template, request

from app.extensions import db
from app.panel.base import RecordView
from app.panel.chosen import Became, Chosen, narrowed_by
from app.panel.labels import said
from app.panel.titles import titles_of
from app.schema.errors import Refusal

Act = Callable[[int, int], str]
"""Does it to the row of an id in a version, and commits; a word where it is not what is done to all."""


class Several(RecordView):
    """Rows chosen in a list, ticked or all that match."""

    def asked_for_sure(self, rows: Chosen, title: str, **more: Any) -> str:
        """Ask before they are worked at: how many there are, and by what all that match are found."""
        by = narrowed_by(self.record) if rows.every else []
        return render_template("panel/sure.html", record=self.record, title=title, rows=rows, by=by, **self._of(more))

    def worked(self, rows: Chosen, title: str, done: str, act: Act) -> str:
        """Do it to each row, in a transaction of its own; what is refused leaves the others alone."""
        titles = titles_of(db.session, str(self.record.__tablename__), rows.rows)
        results = [self._became(key, version, titles, act) for key, version in rows.rows.items()]
        return self.results_page(title, done=done, rows=rows, results=results, past=rows.after(results))

    def results_page(self, title: str, **more: Any) -> str:
        """What became of each row; or what is wrong with all of it, as `problem`."""
        return render_template("panel/chosen.html", record=self.record, title=title, **self._of(more))

    def _became(self, key: int, version: int, titles: dict[int, str], act: Act) -> Became:
        title = titles.get(key, f"#{key}")
        try:
            return Became(key, title, "", word=act(key, version))
        except Refusal as refusal:
            return Became(key, title, said(refusal))

    def _of(self, more: dict[str, Any]) -> dict[str, Any]:
        """What the pages need besides: the list they lead back to, and what was sent, to be sent again."""
        gone = {"csrf_token", "past", "sure", *(("row",) if request.form.get("every") else ())}
        sent = [(name, value) for name, value in request.form.items(multi=True) if name not in gone]
        return {"back": self.address(), "sent": sent, **more}
