"""What the parts of a record's screens share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode

from flask import g, render_template, request, url_for
from flask_appbuilder import BaseView

from app.extensions import db
from app.kernel.access import find, may, require
from app.kernel.actor import current_actor
from app.kernel.workflow import is_frozen
from app.panel import neighbours, showing, timeline
from app.panel.forms import Form
from app.schema.errors import Conflict, NotFound
from app.schema.record import Record


class RecordView(BaseView):
    """A view of one record. Each application derives its own subclasses, for views keep state on their class.

    Nothing in it filters rows for safety: the session does. What is asked is which buttons make sense.
    """

    record: ClassVar[type[Record]]
    default_view = "list"

    def row(self, key: int) -> Any:
        """The row with that id, if the present person sees it. Raises `NotFound`."""
        return find(db.session, self.record, key)

    def address(
        self,
        changes: Mapping[str, str | None] = MappingProxyType({}),
        to: str = "list",
        key: int | None = None,
        name: str | None = None,
    ) -> str:
        """The address of this list with some parameters changed; None drops one, and any change drops the page.

        Or, with the same parameters, that of a form about the list, about the view with that `key`, or of the step with
        that `name`.
        """
        gone = {"after", "before", *changes}
        written = [pair for name_, pair in _asked() if name_ not in gone]
        written += [urlencode({key: value}) for key, value in changes.items() if value is not None]
        url = _address(f"{self.record.__tablename__}.{to}", key, name)
        return f"{url}?{'&'.join(written)}" if written else url

    def may_add(self) -> bool:
        """Whether the present person may add a row, and there is a form for it."""
        return bool(self.record.panel.form) and may(current_actor(), "add", self.record)

    def require_add(self) -> None:
        """Raise `NotPermitted` unless the present person may add a row, `NotFound` where no form adds one."""
        require(current_actor(), "add", self.record)
        if not self.record.panel.form:
            raise NotFound("There is no form for this; it comes about by itself.")

    def changeable(self, key: int) -> Any:
        """The row with that id. Raises `NotFound`, `NotPermitted`, and `Conflict` for one its state keeps as it is."""
        row = self.row(key)
        require(current_actor(), "edit", row)
        if is_frozen(row):
            state = getattr(row, type(row).workflow.field)
            raise Conflict("Nothing can be changed here while it is %(state)s.", state=state.label)
        return row

    def page(
        self,
        key: int,
        revealed: Mapping[str, str] = showing.NOTHING,
        part: tuple[str, int] | None = None,
        **more: Any,
    ) -> str:
        """A row's page; `more` are forms that stand open on it, and what is wrong; the others as `showing.of` says."""
        shown = showing.of(db.session, self.record, key, revealed, part)
        happened = timeline.of(db.session, shown["row"], request.args.get("before"), shown.pop("rounds"))
        near = neighbours.of(db.session, shown["row"])
        return render_template("panel/show.html", **shown, timeline=happened, near=near, **more)

    def form_page(self, form: Form, title: str, back: str, button: str, **more: Any) -> str:
        """A form on a page of its own; `more` is what else stands in it."""
        form.name_links(db.session)
        return render_template(
            "panel/form.html", record=self.record, form=form, title=title, back=back, button=button, **more
        )


def check_version(row: Any, version: str | None) -> None:
    """Raise `Conflict` unless the form was made of the row as it stands now."""
    if version != str(row.version):
        raise Conflict("Somebody changed this meanwhile. Look at it again, then repeat your change.")


def _asked() -> list[tuple[str, str]]:
    """The parameters of this request by name, each as it is written in an address; a list asks dozens of times."""
    if "asked" not in g:
        g.asked = [(name, urlencode({name: value})) for name, value in request.args.items(multi=True)]
    found: list[tuple[str, str]] = g.asked
    return found


def _address(endpoint: str, key: int | None, name: str | None) -> str:
    """The address of a page of the record, built once in a request."""
    known = g.setdefault("addresses", {})
    if (endpoint, key, name) not in known:
        known[endpoint, key, name] = url_for(endpoint, key=key, name=name)
    found: str = known[endpoint, key, name]
    return found
