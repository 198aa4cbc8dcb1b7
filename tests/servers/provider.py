"""An OpenID Connect provider on loopback: real requests and signatures; a test says whom it vouches for."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "yanxu", "the provider's secret 9"


class Provider:
    """What the provider says. `claims` are the person's; `forge` changes those of the id token, `key` signs it."""

    def __init__(self) -> None:
        self.issuer = ""
        self.claims: dict[str, Any] = {
            "sub": "u-1",
            "preferred_username": "wang.fang",
            "email": "wang@provider.example.cn",
        }
        self.forge: dict[str, Any] = {}
        self.unsigned = False
        self.published = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
        self.key = self.published
        self.asked: dict[str, str] = {}
        self.refused: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}

    def description(self) -> dict[str, Any]:
        """The document at the well-known address."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent on to: back, with a code, as if the person had signed in here."""
        self.asked = asked
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Tokens for a code, once; None when the client, the code or the proof of the same browser is wrong."""
        known = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self._codes.pop(form.get("code", ""), None)
        proof = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if asked is None or base64.urlsafe_b64encode(proof).decode().rstrip("=") != asked["code_challenge"]:
            self.refused.append("code or proof")
            return None
        if not authorization.startswith("Basic ") or base64.b64decode(authorization[6:]) != base64.b64decode(known[6:]):
            self.refused.append("client")
            return None
        now = int(time.time())
        told = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        if self.unsigned:
            parts = ({"alg": "none"}, told | self.claims)
            texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
            return {"access_token": "a", "token_type": "Bearer", "id_token": ".".join([*texts, ""])}
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, told | self.claims | self.forge, self.key)
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "id_token": signed}


@contextmanager
def provider_server() -> Iterator[Provider]:
    """A provider on a free port of 127.0.0.1."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/.well-known/openid-configuration":
                self._answer(provider.description())
            elif parts.path == "/keys":
                self._answer({"keys": [provider.published.as_dict(private=False)]})
            else:
                asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked))
                self.end_headers()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            told = provider.token(form, self.headers.get("Authorization", ""))
            self._answer(told or {"error": "invalid_grant"}, 200 if told else 400)

        def _answer(self, told: dict[str, Any], status: int = 200) -> None:
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is said on the terminal of the tests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
