"""The page of queries: all it loads is ours, nothing in it needs an exception to the policy."""

import re

import httpx2

LOADED = re.compile(r'(?:src|href)="([^"]*)"')


async def test_all_that_the_page_loads_is_served_here(client: httpx2.AsyncClient) -> None:
    page = await client.get("/graphiql")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    loaded = LOADED.findall(page.text)
    assert len(loaded) == 2
    for path in loaded:
        assert path.startswith("/graphiql/")
        reply = await client.get(path)
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith(("text/css", "text/javascript"))
        assert "://" not in reply.text


async def test_the_page_runs_under_the_strict_policy(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert "unsafe" not in (await client.get("/graphiql")).headers["content-security-policy"]


async def test_its_example_and_its_own_query_run(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/graphiql")).text
    script = (await client.get("/graphiql/page.js")).text
    example = re.search(r'<textarea id="query"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    described = re.search(r'ask\("(\{.*?)", \{\}\)', script)
    assert example is not None
    assert described is not None
    reply = await client.post("/graphql", json={"query": described[1]})
    assert "errors" not in reply.json()
    reply = await client.post("/graphql", json={"query": example[1]})
    assert reply.json()["extensions"]["cost"] > 0
