"""Files in the API: sent by themselves and then named in a field, or sent to the list of a row; and fetched again."""

from typing import Any, ClassVar, cast

from flask import Response, request
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi, expose
from werkzeug.datastructures import FileStorage

from app.extensions import db
from app.kernel import files
from app.kernel.access import find
from app.panel import previews
from app.panel.answering import answered, done, told
from app.panel.files import handed_out
from app.panel.problems import NotForm
from app.panel.serving import file_as_json
from app.schema.errors import Refusal
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.traits import Attached

Said = dict[str, Any]


class FileResource(BaseApi):
    """Files by themselves."""

    version = "v1"
    resource_name = "files"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("/", methods=["POST"])
    @done
    def send(self) -> tuple[Said, int]:
        """Send one file as the part ``file``; it is forgotten in a day unless a row takes it."""
        return {"result": files.receive(db.session, sent()).as_json()}, 201

    @expose("/<token>")
    @answered
    def fetch(self, token: str) -> Response:
        """The bytes of a file that is a row's, to whoever may read it there."""
        return handed_out(token)

    @expose("/<token>/preview")
    @told
    def preview(self, token: str) -> Said:
        """How many pages a file has, and where the first of them are, as pictures."""
        return {"result": previews.as_json(token)}

    @expose("/<token>/<size>/<int:page>")
    @answered
    def picture(self, token: str, size: str, page: int) -> Response:
        """One page of a file as a picture."""
        return previews.pictured(token, size, page)


class FilesOfRow(BaseApi):
    """The files in the list of a row that is `Attached`."""

    record: ClassVar[type[Record]]
    version = "v1"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("/<int:key>/files")
    @told
    def files(self, key: int) -> Said:
        """All of them, oldest first."""
        found = files.listed(db.session, find(db.session, self.record, key))
        return {"result": [file_as_json(files.told(each)) for each in found]}

    @expose("/<int:key>/files", methods=["POST"])
    @done
    def attach(self, key: int) -> tuple[Said, int]:
        """Add one, sent as the part ``file``."""
        row = find(db.session, self.record, key)
        return {"result": file_as_json(files.attach(db.session, row, sent()))}, 201

    @expose("/<int:key>/files/<token>", methods=["DELETE"])
    @done
    def detach(self, key: int, token: str) -> tuple[None, int]:
        """Take one out of the list."""
        files.detach(db.session, find(db.session, self.record, key), token)
        return None, 204


def sent() -> files.Upload:
    """The file of the request. Raises `Refusal` where there is none."""
    if request.mimetype != "multipart/form-data":
        raise NotForm("Send the file as the part named file.", field="file")
    file: FileStorage | None = request.files.get("file")
    if file is None or not file.filename:
        raise Refusal("Send the file as the part named file.", field="file")
    return files.Upload(cast(Any, file.stream), file.filename)


def mount(builder: AppBuilder) -> None:
    """Register the resource of files, and the lists of the records that have one."""
    builder.add_api(FileResource)
    for record in registry:
        if issubclass(record, Attached):
            name = str(record.__tablename__)
            made = type(f"{record.__name__}Files", (FilesOfRow,), {"record": record, "resource_name": name})
            builder.add_api(made)
