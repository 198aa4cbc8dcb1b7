"""Screens drawn by hand, where a derived one would not do: home, desks, approvals, reports."""

from pathlib import Path

from flask import Flask
from flask_appbuilder import AppBuilder
from jinja2 import ChoiceLoader, FileSystemLoader

from app.panel.navigation import (
    Beside,
    add_page,
    lead_to,
    name_permission,
    offer_beside,
    open_behind,
    warn_before,
    work_at,
)
from views.approvals import ApprovalsPage
from views.checklist import ChecklistPage
from views.claim_desk import ClaimDeskPage, may_decide
from views.claim_papers import ClaimPapersPage
from views.claims import ClaimLetterPage, ClaimLinkPage, may_link, may_print
from views.demonstration import DemonstrationPage
from views.desk import DeskPage
from views.documents import DocumentsPage, VerifyPage
from views.exports import ExportsPage
from views.figures import FiguresPage
from views.health import HealthPage
from views.home import Index as Index
from views.imports import ImportsPage
from views.inbox import InboxPage
from views.jobs import JobsPage
from views.leaving import LeavingPage, may_open, warned
from views.notice_texts import NoticeTextsPage
from views.page import Page
from views.people import PeoplePage
from views.reports import ReportsPage
from views.roles import RolesPage
from views.search import SearchPage
from views.settings import SettingsPage
from views.tailoring import TailoringPage
from views.trash import TrashPage
from views.undelivered import UndeliveredPage
from views.watched import WatchedPage
from views.watched import may_open as may_watch
from views.ways import WaysPage
from views.webhooks import WebhooksPage
from views.why import WhyPage

PAGES: tuple[type[Page], ...] = (
    ApprovalsPage,
    ChecklistPage,
    ClaimDeskPage,
    ClaimLetterPage,
    ClaimLinkPage,
    DemonstrationPage,
    DeskPage,
    DocumentsPage,
    ExportsPage,
    FiguresPage,
    ImportsPage,
    InboxPage,
    JobsPage,
    LeavingPage,
    NoticeTextsPage,
    PeoplePage,
    ReportsPage,
    RolesPage,
    SearchPage,
    SettingsPage,
    TailoringPage,
    TrashPage,
    UndeliveredPage,
    WatchedPage,
    WaysPage,
    WebhooksPage,
    WhyPage,
)
"""Every page, in no particular order; add yours here."""

add_page("Renewals", "Renewal desk", "DeskPage.next", "headset", "page:desk", order=5)
add_page("Claims", "Claim desk", "ClaimDeskPage.next", "shield-check", "page:claim_desk", order=5)
add_page("Work", "Approvals", "ApprovalsPage.list", "clipboard-check", "page:approvals", order=2)
add_page("Work", "Exports", "ExportsPage.list", "download", order=5)
add_page("Work", "Trash", "TrashPage.list", "trash", order=4)
add_page("Insight", "Reports", "ReportsPage.list", "chart-bar", "page:reports", order=80)
add_page("Administration", "Import files", "ImportsPage.list", "file-upload", "page:imports", order=88)
add_page("Administration", "Jobs", "JobsPage.list", "clock", "page:jobs", order=89)
add_page("Administration", "Undelivered notices", "UndeliveredPage.list", "mail", "page:undelivered", order=89)
add_page("Administration", "People and sign-ins", "PeoplePage.list", "users-group", "page:people", order=90)
add_page("Administration", "Roles", "RolesPage.list", "key", "page:people", order=90)
add_page("Administration", "Customise", "TailoringPage.list", "layout-kanban", "page:tailoring", order=91)
add_page("Administration", "Demonstration data", "DemonstrationPage.show", "package", "page:demonstration", order=92)
add_page("Administration", "Webhooks", "WebhooksPage.list", "upload", "page:webhooks", order=90)
add_page("Administration", "Settings", "SettingsPage.list", "adjustments", "page:settings", order=91)
name_permission("page:people", "Administer people and roles")
name_permission("page:leaving", "Hand over the work of those one leads")
offer_beside("person", Beside("Hand over work", "LeavingPage.show", "users-group", may_open))
offer_beside("claim", Beside("Customer's link", "ClaimLinkPage.show", "mail", may_link))
offer_beside("claim", Beside("Letter of refusal", "ClaimLetterPage.letter", "file-text", may_print))
offer_beside("claim", Beside("Decide at the desk", "ClaimDeskPage.show", "clipboard-check", may_decide))
warn_before("person", "leave", lambda person: warned(person.user_id))
offer_beside("measure_alert", Beside("The figures now", "WatchedPage.show", "chart-bar", may_watch))
lead_to("measure_alert", "WatchedPage.show")
work_at("renewal", "DeskPage.show", "page:desk")
open_behind("appraisal_line", "label", "FiguresPage.show")
open_behind("appraisal_line", "actual", "FiguresPage.show")


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register every page with the application."""
    here = FileSystemLoader(Path(__file__).parent / "templates")
    app.jinja_loader = ChoiceLoader([here, app.jinja_loader])  # type: ignore[list-item] # Flask gives a folder
    for page in PAGES:
        builder.add_view_no_menu(page)
    builder.add_view_no_menu(HealthPage)
    builder.add_view_no_menu(ClaimPapersPage)
    builder.add_view_no_menu(VerifyPage)
    outside = {"ClaimPapersPage.show", "ClaimPapersPage.send", "VerifyPage.ask", "VerifyPage.tell"}
    app.extensions["public"] |= {"HealthPage.health", *outside}
    app.extensions["outside"] |= outside
