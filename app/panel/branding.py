"""The face of the house on its pages: name, accent and logo, also for who is not signed in yet."""

from flask import Response, g, url_for
from flask_appbuilder import BaseView, expose
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.kernel import brand as kernel
from app.kernel.actor import NOBODY, current_actor
from app.panel.assets import asset
from app.schema.brand import NAME, PLAIN, Brand
from app.schema.errors import NotFound

MARK = "yanxu.svg"


def brand() -> Brand:
    """The brand in force; asked for once in a request, and the panel's own where the database does not answer."""
    actor = current_actor()
    if actor is not NOBODY and not actor.system:
        return actor.brand
    if "brand" not in g:
        try:
            g.brand = kernel.house_brand(db.session)
        except SQLAlchemyError:
            return PLAIN
    kept: Brand = g.brand
    return kept


def mark() -> str:
    """The address of the logo, else of the panel's own mark."""
    kept = brand().logo
    return url_for("BrandPage.logo", name=kept) if kept else asset(MARK)


def own_name() -> bool:
    """Whether the panel still has its own name, which is also written in characters."""
    return brand().name == NAME


class BrandPage(BaseView):
    """The logo, for everybody: it stands on the sign-in page."""

    route_base = "/brand"
    default_view = "logo"

    @expose("/logo/<name>")
    def logo(self, name: str) -> Response:
        """The picture; its name changes with its content, so a browser keeps it for good."""
        kept = kernel.logo(db.session, name)
        if kept is None:
            raise NotFound("There is no such picture.")
        return Response(kept.body, content_type=kept.content_type)
