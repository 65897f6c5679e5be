"""A provider that tells the truth, until a test has it lie."""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENT = "raccord"
SECRET = "a secret of the client's, long enough for HS256"
KEY = RSAKey.generate_key(2048, {"kid": "current", "use": "sig"})
OTHER = RSAKey.generate_key(2048, {"kid": "other", "use": "sig"})
CURVE = ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"})
DEEP = b"[" * 60_000 + b"]" * 60_000

Claims = dict[str, Any]
Answer = Callable[[Request], Awaitable[Response]]


@dataclass
class Provider:
    """``identity`` and ``person`` are the claims of the ID token and of userinfo. ``seals`` makes
    a text of each. ``answers`` takes the place of the true one at a path.
    """

    url: str
    person: Claims
    nonce: str = ""
    identity: Claims = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(KEY), public(CURVE)])
    discovery: dict[str, Any] = field(default_factory=dict)
    seals: dict[str, Callable[[Claims], str]] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    forms: list[dict[str, str]] = field(default_factory=list)

    def common(self) -> Claims:
        now = int(time.time())
        return {"iss": self.url, "aud": CLIENT, "sub": "alix", "iat": now, "exp": now + 60}

    def id_token(self) -> str:
        said = self.common() | {"nonce": self.nonce} | self.identity
        return self.seals.get("id_token", signed)(known(said))

    def userinfo(self) -> str:
        return self.seals.get("userinfo", signed)(known(self.common() | self.person))

    def described(self) -> dict[str, Any]:
        return known(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "end_session_endpoint": f"{self.url}/end",
            }
            | self.discovery
        )


def known(claims: Claims) -> Claims:
    """Without those that a test set to nothing."""
    return {name: value for name, value in claims.items() if value is not None}


def public(key: RSAKey | ECKey) -> dict[str, Any]:
    return dict(key.as_dict(private=False))


def signed(claims: object, key: RSAKey | ECKey = KEY, alg: str = "RS256", **header: Any) -> str:
    protected = {"alg": alg, "kid": key.kid} | header
    return jws.serialize_compact(
        known(protected),
        claims if isinstance(claims, bytes) else json.dumps(claims).encode(),
        key,
        algorithms=[alg],
        registry=jws.JWSRegistry(algorithms=[alg], strict_check_header=False),
    )


def sealed_by_hand(claims: Claims, **header: Any) -> str:
    """By our key, whatever the header says."""
    text = unsigned(claims, "RS256", kid=KEY.kid, **header).rstrip(".")
    seal = KEY.private_key.sign(text.encode(), PKCS1v15(), SHA256())
    return f"{text}.{encoded(seal)}"


def sealed_by_secret(claims: Claims, secret: bytes, alg: str = "HS256", **header: Any) -> str:
    """Signed by whoever knows ``secret``, which may be public."""
    text = unsigned(claims, alg, **header).rstrip(".")
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{encoded(mac)}"


def unsigned(claims: Claims, alg: str = "none", **header: Any) -> str:
    parts = ({"alg": alg, **header}, claims)
    return ".".join([*(encoded(json.dumps(part).encode()) for part in parts), ""])


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@asynccontextmanager
async def listening(person: Claims) -> AsyncIterator[Provider]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        provider = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}", person)
        server = uvicorn.Server(uvicorn.Config(_app(provider), log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve([listener]))
        try:
            yield provider
        finally:
            server.should_exit = True
            await task


def _app(provider: Provider) -> Starlette:
    async def describe(_: Request) -> Response:
        return JSONResponse(provider.described())

    async def keys(_: Request) -> Response:
        return JSONResponse({"keys": provider.keys})

    async def token(request: Request) -> Response:
        body = (await request.body()).decode()
        provider.forms.append(dict(pair.split("=", 1) for pair in body.split("&")))
        return JSONResponse(
            {"access_token": "opaque", "token_type": "Bearer", "id_token": provider.id_token()}
        )

    async def userinfo(request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer opaque"
        return Response(provider.userinfo(), media_type="application/jwt")

    def route(path: str, truth: Answer, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            provider.asked[path] += 1
            return await provider.answers.get(path, truth)(request)

        return Route(path, answer, methods=[method])

    return Starlette(
        routes=[
            route("/.well-known/openid-configuration", describe),
            route("/keys", keys),
            route("/token", token, "POST"),
            route("/userinfo", userinfo),
        ]
    )
