"""Why somebody can or cannot do something: asked of the policy as that person, told with its reasons."""

from typing import Any

from flask import render_template, request
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import select

from app.extensions import db
from app.kernel import permissions
from app.kernel.actor import on_behalf
from app.kernel.permissions import load_actor
from app.kernel.rights import Right, Rights
from app.kernel.why import Answer, explain, signed_out
from app.kernel.wording import told
from app.panel.builder import language
from app.panel.labels import record_plural
from app.panel.navigation import page_label
from app.panel.rights import matrix, step_rights, verb_words
from app.schema.errors import NotFound
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.written import natural
from views.page import Page

PAGES = "pages"


class WhyPage(Page):
    """For administrators alone. Of a row the person may not see it tells owner, unit and state, and nothing else."""

    route_base = "/people/why"
    permission = "page:people"

    @expose("/<int:user_id>")
    def show(self, user_id: int) -> str:
        """The question, and its answer as soon as there is one."""
        user = db.session.get(User, user_id)
        if user is None:
            raise NotFound("There is no such user.")
        about, verb = request.args.get("record", ""), request.args.get("verb", "")
        number = request.args.get("row", "").strip()
        record = registry.get(about)
        offered = self._offered(about, record)
        name = permissions.person_name(user.first_name, user.last_name)
        answer, right = None, self._right(about, verb, record)
        if verb in dict(offered):
            answer = self._answer(user, right, record, number)
        return render_template(
            "roles/why.html",
            user=user,
            name=name,
            areas=[(area, [(row.name, row.label) for row in rows]) for area, rows in matrix(Rights())],
            about=about,
            verb=verb,
            number=number,
            record=record,
            offered=offered,
            answer=answer,
            headline=self._headline(name, dict(offered).get(verb, ""), record, number, answer),
            told=lambda sentence: told(sentence, language()),
        )

    def _offered(self, about: str, record: type[Record] | None) -> list[tuple[str, str]]:
        """What can be asked about a record, or about the pages: values and words."""
        if about == PAGES:
            return [(page, page_label(page)) for page in permissions.PAGES]
        if record is None:
            return []
        known = {*permissions.verbs_of(record), "hand_over"}
        return [*((v, word) for v, word in verb_words().items() if v in known), *step_rights(record, parts=False)]

    @staticmethod
    def _right(about: str, verb: str, record: type[Record] | None) -> Right:
        return ("open", verb) if about == PAGES else (verb, about)

    def _answer(self, user: User, right: Right, record: type[Record] | None, number: str) -> Answer:
        if not user.active:
            return signed_out(user.active)
        actor = load_actor(db.session, user.id)
        return explain(db.session, actor, right, self._key(record, number) if record and number else None)

    @staticmethod
    def _key(record: type[Record], number: str) -> int:
        """The id of the row meant: by its number in the address, else by what it is called; 0 for none or several."""
        entity: Any = record
        column = record.__table__.c.get(record.panel.title)
        if column is None:
            return natural(number) or 0
        with on_behalf("why"):
            called = db.session.scalars(select(entity.id).where(column == number).limit(2)).all()
        return called[0] if len(called) == 1 else natural(number) or 0

    @staticmethod
    def _headline(name: str, what: str, record: type[Record] | None, number: str, answer: Answer | None) -> str:
        if answer is None:
            return ""
        where = record_plural(record) if record is not None else _("Pages")
        where = f"{where} {number}" if record is not None and number else where
        if answer.yes:
            return _("Yes, %(person)s may: %(what)s · %(where)s", person=name, what=what, where=where)
        return _("No, %(person)s may not: %(what)s · %(where)s", person=name, what=what, where=where)
