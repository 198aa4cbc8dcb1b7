"""What every response says to the browser: whose scripts may run, what may be kept, who may frame us."""

from flask import Flask, request
from werkzeug.wrappers import Response

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
ALONE = "; ".join(("default-src 'none'", "sandbox", "frame-ancestors 'none'", "form-action 'none'"))
"""The content policy of a file: whatever is in it, it acts on nothing and draws on nothing."""
STATIC_AGE = 365 * 24 * 3600
"""Seconds a static file may be kept when its address carries its fingerprint."""

NAMED_BY_CONTENT = "BrandPage.logo"
"""The page whose address changes with what it shows."""
ASKED_ANEW = ("FileView.picture", "FileResource.picture")
"""Pictures a browser keeps for its person, and asks for again each time; those of private files it does not keep."""


def protect(app: Flask) -> None:
    """Set the headers on every response of the application, errors included."""

    @app.after_request
    def _protect(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = (
            "camera=(), microphone=(), geolocation=(), payment=(), usb=(), publickey-credentials-get=(self)"
        )
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if request.is_secure:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        forever, good = f"public, max-age={STATIC_AGE}, immutable", response.status_code in (200, 304)
        if request.endpoint == "static":
            headers["Cache-Control"] = forever if "v" in request.args and good else "no-cache"
        elif request.endpoint == NAMED_BY_CONTENT and good and request.method in ("GET", "HEAD"):
            headers["Cache-Control"] = forever
        elif request.endpoint in ASKED_ANEW and good and request.method != "OPTIONS" and "ticket" not in request.args:
            headers["Cache-Control"] = "private, no-cache"
        else:
            headers["Cache-Control"] = "no-store"
        return response
