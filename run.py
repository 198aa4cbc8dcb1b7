"""Creates the application from the settings; nothing else. `gunicorn run:app` and `flask --app run` find it here."""

from app.factory import create_app

app = create_app()
