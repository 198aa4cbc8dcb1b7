"""Creates the application from the settings; nothing else. `gunicorn run:app` and `flask --app run` find it here."""

import gc

gc.disable()  # what a start makes it keeps: looking for garbage in it takes a seventh of the time

from app.factory import create_app  # noqa: E402 - see above

app = create_app()
gc.freeze()
gc.enable()
