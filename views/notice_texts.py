"""The texts of notices in the department's own words, by topic and language, looked at before they are kept."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import adapting, notice_texts
from app.kernel.notice_texts import LONGEST, PARTS, TEXT, places_of, worded
from app.kernel.tailoring import NOTICE
from app.kernel.wording import languages, told
from app.panel.labels import said, translated
from app.schema.errors import Invalid, NotFound
from app.schema.notices import Topic
from app.schema.wording import Label
from views.page import Page

LANGUAGES = {"en": "English", "zh_Hans": "简体中文", "zh_Hant": "繁體中文"}
Texts = dict[str, dict[str, str]]


class NoticeTextsPage(Page):
    """Kept by administrators, as all that is customised."""

    route_base = "/customise/notices"
    permission = "page:tailoring"

    @expose("/")
    def list(self) -> str:
        """The topics that have a text."""
        own = {name for what, name, _body in adapting.documents(db.session) if what == NOTICE}
        topics = [(topic, translated(topic.label), translated(topic.subject)) for topic in worded()]
        return render_template("tailoring/notices.html", topics=sorted(topics, key=lambda each: each[1]), own=own)

    @expose("/<name>", methods=["GET", "POST"])
    def edit(self, name: str) -> Any:
        """The texts of a topic in each language; looked at before they are kept."""
        topic = next((each for each in worded() if each.name == name), None)
        if topic is None:
            raise NotFound("There is no such text.")
        kept = adapting.document(db.session, NOTICE, name)
        if request.method == "GET":
            return self._page(topic, kept or {part: {} for part in PARTS}, kept is not None)
        texts = {part: {each: t for each in languages() if (t := _sent(part, each))} for part in PARTS}
        wanted = texts if any(texts.values()) and "declared" not in request.form else None
        if problems := {field: said(why) for field, why in notice_texts.check(db.session, name, texts)}:
            return self._page(topic, texts, kept is not None, problems=problems), 422
        if "preview" in request.form:
            return self._page(topic, texts, kept is not None, preview=True)
        return self._keep(topic, wanted, kept is not None)

    def _keep(self, topic: Topic, wanted: Texts | None, tailored: bool) -> Response | tuple[str, int]:
        try:
            adapting.change(db.session, NOTICE, topic.name, wanted)
            db.session.commit()
        except Invalid as refusal:
            db.session.rollback()
            problems = {field: said(why) for field, why in refusal.problems.items()}
            return self._page(topic, wanted or {}, tailored, problems=problems), refusal.status
        flash(_("Saved. It is obeyed everywhere from now on."), "success")
        return redirect(url_for("NoticeTextsPage.list"), 303)

    @staticmethod
    def _page(
        topic: Topic, texts: Any, tailored: bool, *, problems: dict[str, str] | None = None, preview: bool = False
    ) -> str:
        examples = {place: f"‹{place}›" for place in places_of(topic, "subject")}
        shown = []
        for language in languages():
            declared = told(Label(topic.subject), language)
            subject = notice_texts.filled(texts["subject"].get(language) or declared, examples)
            body = notice_texts.filled(texts["body"].get(language) or f"%({TEXT})s", examples | {TEXT: f"‹{TEXT}›"})
            shown.append((language, LANGUAGES.get(language, language), declared, subject, body))
        return render_template(
            "tailoring/notice.html",
            label=translated(topic.label),
            shown=shown,
            texts=texts,
            places={part: [f"%({place})s" for place in places_of(topic, part)] for part in PARTS},
            longest=LONGEST,
            tailored=tailored,
            problems=problems or {},
            preview=preview,
        )


def _sent(part: str, language: str) -> str:
    return request.form.get(f"{part}.{language}", "").strip().replace("\r\n", "\n")
