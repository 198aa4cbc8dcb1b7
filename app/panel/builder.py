"""Flask-AppBuilder as we use it: its users, blueprints and sign-in back-ends, and none of its stock screens."""

from flask import current_app, has_request_context, session
from flask_appbuilder import AppBuilder
from sqlalchemy.orm import Session


class PanelBuilder(AppBuilder):
    """An AppBuilder that registers the front page and nothing else by itself.

    Left out on purpose: ``/back`` (an open redirect), ``/lang/<locale>`` (a GET that changes the session),
    the menu API (a second navigation with its own rules), Swagger (scripts from elsewhere), the stock static files
    (jQuery and Bootstrap 3).
    """

    def init_app(self, app: object, session: Session) -> None:
        """As the base does; then the language is chosen by our rule and read from our catalogues alone."""
        ours = current_app.config["BABEL_TRANSLATION_DIRECTORIES"]
        super().init_app(app, session)
        babel = current_app.extensions["babel"]
        babel.locale_selector = language
        babel.default_directories = babel.translation_directories = [ours]

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview)

    def _add_global_static(self) -> None:
        """The stock static files are not served."""


def language() -> str:
    """The language of the present person: the one chosen, else the house's. Looking does not touch the session."""
    chosen = session.get("locale") if has_request_context() else None
    languages: dict[str, object] = current_app.config["LANGUAGES"]
    return chosen if chosen in languages else str(current_app.config["BABEL_DEFAULT_LOCALE"])
