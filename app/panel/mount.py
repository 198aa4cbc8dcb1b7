"""Derive screens and resources from every record and bind them to one application."""

from flask import Flask
from flask_appbuilder import AppBuilder

from app.panel import bulk_api, errors, face, files_api, headers, history_api, resource, security
from app.panel.branding import BrandPage
from app.panel.export_tasks import write_export as write_export  # the worker finds it once it is imported
from app.panel.files import FileView
from app.panel.helping import HelpPage
from app.panel.identity.account import AccountPage
from app.panel.identity.enrolment import FactorsPage
from app.panel.identity.impersonating import ViewingPage
from app.panel.identity.passkeys import PasskeyDoor
from app.panel.identity.provider import ProviderDoor
from app.panel.identity.second import SecondFactorPage
from app.panel.identity.tokens import TokensPage
from app.panel.measures_api import MeasuresResource
from app.panel.navigation import name_permission
from app.panel.openapi.browsing import ApiPage
from app.panel.openapi.serving import OpenApiResource
from app.panel.screen import screen_of
from app.panel.signin import SignIn
from app.schema.record import Line
from app.schema.registry import registry

name_permission("page:impersonate", "See the panel as another person")
name_permission("page:impersonate_write", "Write while seeing the panel as another person")
name_permission("page:share_views_team", "Save views of lists for one's team")
name_permission("page:share_views_all", "Save views of lists for everybody")


def mount(app: Flask, builder: AppBuilder) -> None:
    """Register the derived screens and the REST resources."""
    face.dress(app)
    headers.protect(app)
    errors.register(app)
    door = ("SignIn.login", "SignIn.enter", "SignIn.language", "PasskeyDoor.options", "PasskeyDoor.enter")
    security.close(app, public=("static", *door, "ProviderDoor.go", "ProviderDoor.back", "BrandPage.logo"))
    builder.add_view_no_menu(SignIn)
    builder.add_view_no_menu(BrandPage)
    builder.add_view_no_menu(FileView)
    builder.add_view_no_menu(HelpPage)
    builder.add_view_no_menu(ApiPage)
    for view in (AccountPage, FactorsPage, SecondFactorPage, PasskeyDoor, ProviderDoor, TokensPage, ViewingPage):
        builder.add_view_no_menu(view)
    for record in registry:
        if not issubclass(record, Line):
            builder.add_view_no_menu(screen_of(record), endpoint=str(record.__tablename__))
    resource.mount(app, builder)
    history_api.mount(builder)
    files_api.mount(builder)
    bulk_api.mount(builder)
    builder.add_api(MeasuresResource)
    builder.add_api(OpenApiResource)
