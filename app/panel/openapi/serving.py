"""``/api/v1/openapi.json``: the document, of what the caller may see and do."""

from flask import Response, request
from flask_appbuilder.api import BaseApi, expose

from app.panel.answering import JSON, answered
from app.panel.openapi.document import document


class OpenApiResource(BaseApi):
    """The description of the API."""

    version = "v1"
    resource_name = "openapi.json"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("")
    @answered
    def show(self) -> Response:
        """The document of what the caller may; with ``?records=claim,paper`` of those alone."""
        names = [name for text in request.args.getlist("records") for name in text.split(",") if name]
        made = document(names)
        answer = Response(made.text, mimetype=JSON)
        answer.set_etag(made.tag)
        answer.make_conditional(request)
        return answer
