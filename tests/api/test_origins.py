"""No other site makes a browser use the session of a person."""

import httpx2
import pytest

from tests.api.conftest import Token
from tests.factories import siren

QUERY = {"query": "{ campaign { charterVersion } }"}
HERE = "http://registry"
COOKIE = {"cookie": "session=a"}


async def outcome(client: httpx2.AsyncClient, headers: dict[str, str], method: str) -> int:
    if method == "GET":
        reply = await client.get("/graphql", params=QUERY, headers=headers)
    else:
        reply = await client.post("/graphql", json=QUERY, headers=headers)
    if reply.status_code == 403:
        (error,) = reply.json()["errors"]
        assert error["extensions"] == {"code": "CSRF"}
        assert error["message"]
        assert "data" not in reply.json()
    return reply.status_code


FROM_ELSEWHERE = [
    {},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": HERE},
    {"sec-fetch-site": ""},
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": "http://registry.elsewhere.example"},
    {"origin": "http://elsewhere.example/registry"},
    {"origin": "http://registry:8001"},
    {"origin": "http://registry@elsewhere.example"},
    {"origin": "http://user@registry"},
    {"origin": "file://registry"},
    {"origin": "http://["},
    {"origin": "null", "referer": f"{HERE}/graphiql"},
    {"referer": "https://elsewhere.example/?http://registry/"},
    {"origin": "https://", "host": ""},
]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
async def test_another_site_s_request_with_a_cookie_is_refused(
    client: httpx2.AsyncClient, headers: dict[str, str], method: str
) -> None:
    assert await outcome(client, COOKIE | headers, method) == 403


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": HERE},
        {"origin": "HTTP://Registry"},
        {"origin": "https://registry:8443", "host": "registry:8443"},
        {"referer": f"{HERE}/graphiql?a=b"},
    ],
)
async def test_a_page_of_ours_passes(
    client: httpx2.AsyncClient, headers: dict[str, str], method: str
) -> None:
    assert await outcome(client, COOKIE | headers, method) == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("headers", FROM_ELSEWHERE)
async def test_without_a_cookie_all_pass(
    client: httpx2.AsyncClient, headers: dict[str, str], method: str
) -> None:
    assert await outcome(client, headers, method) == 200


async def test_a_file_is_not_sent_by_another_site(client: httpx2.AsyncClient) -> None:
    for site, expected in (
        ("cross-site", (403, "CSRF")),
        ("same-origin", (401, "UNAUTHENTICATED")),
    ):
        headers = COOKIE | {"sec-fetch-site": site}
        reply = await client.put("/bulk/deployments", content=b"", headers=headers)
        code = reply.json()["errors"][0]["extensions"]["code"]
        assert (reply.status_code, code) == expected


async def test_a_token_needs_no_origin(client: httpx2.AsyncClient, token: Token) -> None:
    headers = COOKIE | {"origin": "https://elsewhere.example"}
    bearer = {"authorization": f"bearer {await token(siren(99970000))}"}
    assert await outcome(client, headers | bearer, "POST") == 200
    basic = {"authorization": "Basic YTpi"}
    assert await outcome(client, headers | basic, "POST") == 403


async def test_no_answer_is_offered_to_another_site(client: httpx2.AsyncClient) -> None:
    """So a browser neither reads an answer for one, nor sends it JSON or a token."""
    headers = {
        "origin": "https://elsewhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type",
    }
    for reply in (
        await client.options("/graphql", headers=headers),
        await client.post("/graphql", json=QUERY, headers=headers),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "text/plain"]
)
async def test_what_a_form_can_send_is_not_taken(client: httpx2.AsyncClient, kind: str) -> None:
    body = b'{"query": "{ campaign { charterVersion } }"}'
    headers = COOKIE | {"origin": HERE, "content-type": kind}
    assert (await client.post("/graphql", content=body, headers=headers)).status_code == 415
