"""The screens of one record: a list, a page per row, forms, steps, lines, pickers and a file."""

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask_appbuilder import expose
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may, require
from app.kernel.actor import current_actor
from app.kernel.handing import may_hand_over
from app.kernel.saved_views import views_of
from app.panel import grouping, links, listing
from app.panel.amending import Amending
from app.panel.attending import Attending
from app.panel.board import Boarding
from app.panel.bulk import Bulk, bulk_steps
from app.panel.calendar import Dating
from app.panel.checking import Checking
from app.panel.chosen import EVERY
from app.panel.editing import amendable, changeable, editable
from app.panel.exporting import Exporting
from app.panel.fields import listable
from app.panel.files import Attaching
from app.panel.handover import Handover
from app.panel.identity.entering import presence
from app.panel.inline import Inline
from app.panel.lines import Lines
from app.panel.looks import looks_of
from app.panel.pasting import Pasting
from app.panel.pickers import Picking
from app.panel.revealing import Revealing
from app.panel.saved_views import Viewing, audiences, differs, open_view
from app.panel.talking import Talking
from app.panel.trees import name_paths
from app.schema.record import Record

RELATED_SHOWN = 20
"""Rows of another record that a row's page shows before pointing to their own list."""


class Screen(
    Amending,
    Attaching,
    Attending,
    Boarding,
    Bulk,
    Checking,
    Dating,
    Exporting,
    Handover,
    Inline,
    Lines,
    Pasting,
    Picking,
    Revealing,
    Talking,
    Viewing,
):
    """All screens of `record`, at ``/<record>/``."""

    def create_blueprint(
        self, appbuilder: Any, endpoint: str | None = None, static_folder: str | None = None
    ) -> Blueprint:
        """As Flask-AppBuilder does, with the policy in front of every route."""
        blueprint: Blueprint = super().create_blueprint(appbuilder, endpoint, static_folder)
        blueprint.before_request(lambda: require(current_actor(), "read", self.record))
        return blueprint

    @expose("/")
    def list(self) -> Response | str:
        """The list, as the address asks for it; where it asks nothing, the view the person's list opens with."""
        present = presence()
        views = views_of(db.session, current_actor(), self.record, present.views if present else 0)
        if goal := self.opening(views):
            return redirect(goal)
        opened = open_view(views)
        what = listing.asked(db.session, self.record, request.args)
        page = listing.page_of(db.session, what)
        name_paths(db.session, self.record, page.rows)
        links.load(db.session, self.record, [read.row for read in page.rows], what.columns)
        return render_template(
            "panel/list.html",
            record=self.record,
            what=what,
            page=page,
            hidden=listing.hidden_of(db.session, what, page),
            sizes=listing.SIZES,
            most=listing.MOST_COUNTED,
            address=self.address,
            listable=tuple(listable(self.record)),
            groupable=grouping.offered(what),
            groups=grouping.grouped(db.session, what, request.args.get("group", "")),
            whole=self.address_of("", None) if any(view.default for view in views) else self.address_of("", ""),
            views=views,
            opened=opened,
            changed=differs(opened),
            audiences=audiences(),
            address_of=self.address_of,
            may_add=self.may_add(),
            may_export=may(current_actor(), "export", self.record),
            may_hand_over=may_hand_over(current_actor(), self.record),
            looks=looks_of(self.record),
            steps=bulk_steps(current_actor(), self.record),
            amendable=amendable(current_actor(), self.record),
            every=EVERY,
            editing=editable(current_actor(), self.record, what.columns),
            changeable=changeable,
        )

    @expose("/part")
    def part(self) -> str:
        """The first rows of a filtered list, to stand on another row's page."""
        what = listing.asked(db.session, self.record, request.args)
        what.size = RELATED_SHOWN
        what.columns = [column for column in what.columns if column.key not in request.args]
        page = listing.page_of(db.session, what, counted=False)
        links.load(db.session, self.record, [read.row for read in page.rows], what.columns)
        return render_template("panel/part.html", record=self.record, what=what, page=page, address=self.address)

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The page of one row."""
        return self.page(key)


def screen_of(record: type[Record]) -> type[Screen]:
    """A screen class for a record, fresh for each application: Flask-AppBuilder keeps state on view classes."""
    base = f"/{record.__tablename__}"
    return type(f"{record.__name__}Screen", (Screen,), {"record": record, "route_base": base})
