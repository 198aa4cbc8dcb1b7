"""Beside the page of a row: its documents, printed and kept. And the page that tells whoever holds one if it stands."""

from flask import Response as FileResponse
from flask import current_app, redirect, render_template, request, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import documents
from app.kernel.access import find
from app.kernel.actor import request_address
from app.kernel.database import read_write
from app.kernel.documents import may_print, require_print
from app.kernel.identity import limits
from app.kernel.ledger import database_now
from app.kernel.store import the_store
from app.panel.headers import ALONE
from app.panel.labels import said, translated
from app.panel.printing import gather, print_out
from app.panel.saving import saving
from app.panel.texts import plain
from app.schema.documents import Document, document_of
from app.schema.errors import NotFound, Refusal
from app.schema.record import Record
from app.schema.registry import registry
from views.page import Page


class DocumentsPage(Page):
    """For whoever sees the row: what may be printed of it, and what was."""

    route_base = "/documents"
    default_view = "list"

    @expose("/<name>/<int:key>")
    def list(self, name: str, key: int) -> str:
        """The documents of a row, and those issued so far."""
        return _page(_row(name, key))

    @expose("/<name>/<int:key>/<document>", methods=["POST"])
    def issue(self, name: str, key: int, document: str) -> Response | tuple[str, int]:
        """Print a document in the language chosen: the one that stands if nothing has changed, else a new one."""
        row, declared = _row(name, key), document_of(registry[name], document)
        language = request.form.get("language", "")
        if declared is None or language not in current_app.config["LANGUAGES"]:
            raise NotFound(documents.NONE_SUCH)
        try:
            with saving(db.session):
                require_print(row, declared)
                code = print_out(row, declared, language).code
        except Refusal as refusal:
            return _page(_row(name, key), said(refusal)), refusal.status
        return redirect(url_for("DocumentsPage.download", code=code), 303)

    @expose("/<code>.pdf")
    def download(self, code: str) -> FileResponse:
        """A document as it was issued, if all it says is the present person's to read."""
        kept, row, declared = documents.find(db.session, code)
        if not set(kept.shown.split()) <= gather(row, declared, kept.language).said.shown:
            raise NotFound(documents.NONE_SUCH)
        try:
            body = the_store().open(kept.token)
        except FileNotFoundError:
            raise NotFound("The file is gone from the store; tell your administrator.") from None
        name = f"{kept.name}-{kept.number}.pdf"
        answer = send_file(body, mimetype="application/pdf", as_attachment=True, download_name=name)
        answer.headers["Content-Security-Policy"] = ALONE
        return answer


class VerifyPage(BaseView):
    """For whoever holds a document: whether it is ours and still stands. Nothing else of it is told."""

    route_base = "/verify"
    default_view = "ask"

    @expose("/")
    def ask(self) -> Response | str:
        """Where a code is typed that was not scanned."""
        code = "".join(letter for letter in request.args.get("code", "").casefold() if letter.isalnum())
        return (
            redirect(url_for("VerifyPage.tell", code=code), 303) if code else render_template("documents/verify.html")
        )

    @expose("/<code>")
    def tell(self, code: str) -> str | tuple[str, int]:
        """What the document is, when and for whom it was issued, and whether it stands."""
        db.session.rollback()
        with read_write(), saving(db.session):
            guess = limits.of_code(request_address() or "")
            wait = limits.charge(db.session, [guess], database_now(db.session))
            found = documents.standing_of(db.session, code) if wait is None else None
            if found is not None:
                limits.forgive(db.session, guess)
        if wait is not None:
            return render_template(
                "documents/verify.html", problem=_("Too many tries. Wait a while, then try again.")
            ), 429
        if found is None:
            problem = _("No document of ours has this code. Look whether it is typed as it is printed.")
            return render_template("documents/verify.html", problem=problem, code=code), 404
        return render_template("documents/verify.html", found=found, label=translated(found.label), plain=plain)


def _row(name: str, key: int) -> Record:
    record = registry.get(name)
    if record is None or not record.documents:
        raise NotFound(documents.NONE_SUCH)
    return find(db.session, record, key)


def _page(row: Record, problem: str = "") -> str:
    declared: dict[str, Document] = {each.name: each for each in type(row).documents}
    return render_template(
        "documents/list.html",
        row=row,
        record=str(type(row).__tablename__),
        offers=[(each.name, translated(each.label)) for each in declared.values() if may_print(row, each)],
        issued=[
            (each, translated(declared[each.name].label))
            for each in reversed(documents.issued(db.session, row))
            if each.name in declared
        ],
        problem=problem,
        plain=plain,
    )
