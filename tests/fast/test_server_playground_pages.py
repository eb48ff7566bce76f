"""The playground's files: what they are served as, and that they need nothing from outside."""

from __future__ import annotations

import asyncio
import importlib.resources
import re
from typing import Any

import pytest

from rehearsal import fetch, house
from vivavoce.server.app import App
from vivavoce.server.playground_pages import MEDIA_TYPES, POLICY
from vivavoce.session.styles import STYLES

pytestmark = pytest.mark.fast

FOLDER = importlib.resources.files("vivavoce.server").joinpath("playground")
NAMES = sorted(file.name for file in FOLDER.iterdir())


def ask(target: str, method: str = "GET", **headers: str) -> Any:
    home, _ = house()
    return asyncio.run(fetch(App(home), method, target, headers=headers))


@pytest.mark.parametrize("name", NAMES)
def test_each_file_is_served_as_what_it_is(name: str) -> None:
    call = ask(f"/playground/{name}")
    assert call.status == 200
    assert call.body == FOLDER.joinpath(name).read_bytes()
    assert call.headers["content-type"] == MEDIA_TYPES["." + name.rpartition(".")[2]]
    assert call.headers["x-content-type-options"] == "nosniff"


def test_the_root_is_the_page_under_its_policy_whatever_the_query() -> None:
    call = ask("/?utm_source=mail")
    assert call.body == FOLDER.joinpath("index.html").read_bytes()
    assert call.headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY


def test_a_file_is_asked_for_again_and_not_sent_again() -> None:
    first = ask("/playground/app.js")
    assert first.headers["cache-control"] == "no-cache"
    tag = first.headers["etag"]
    for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = ask("/playground/app.js", **{"if-none-match": sent})
        assert (again.status, again.body) == (304, b""), sent
        assert "content-length" not in again.headers
    assert ask("/playground/app.js", **{"if-none-match": '"other"'}).status == 200


@pytest.mark.parametrize(
    "target", ["/playground/", "/playground/none.js", "/playground/../app.py", "/playground"]
)
def test_nothing_else_is_served(target: str) -> None:
    assert (ask(target).status, ask(target).error["code"]) == (404, "not_found")


def test_files_are_only_read() -> None:
    call = ask("/playground/app.js", "POST")
    assert (call.status, call.error["code"], call.headers["allow"]) == (
        405,
        "method_not_allowed",
        "GET, HEAD",
    )
    assert ask("/playground/app.js", "HEAD").status == 200


@pytest.mark.parametrize("name", NAMES)
def test_no_file_names_an_outside_address(name: str) -> None:
    text = FOLDER.joinpath(name).read_text()
    addresses = re.findall(r"(?:https?:)?//[\w-]+(?:\.[\w-]+)+", text)
    assert set(addresses) <= {"http://www.w3.org"}, name  # the name of a namespace, which nothing fetches


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_needs_is_there(name: str) -> None:
    text = FOLDER.joinpath(name).read_text()
    needed = re.findall(r'from "\./([\w.]+)"', text) + re.findall(r'"/playground/([\w.]+)"', text)
    assert set(needed) <= set(NAMES), name


def test_every_element_a_script_looks_for_is_on_the_page() -> None:
    page = FOLDER.joinpath("index.html").read_text()
    ids = set(re.findall(r'\bid="([\w-]+)"', page))
    for name in ("app.js", "panels.js"):
        wanted = set(re.findall(r'\bfind\("([\w-]+)"\)', FOLDER.joinpath(name).read_text()))
        assert wanted <= ids, name


def test_styles_of_the_page_are_those_of_the_server() -> None:
    listed = re.search(
        r"export const STYLES = \[(.*?)\]", FOLDER.joinpath("voices.js").read_text(), re.DOTALL
    )
    assert listed is not None
    assert set(re.findall(r'"(\w+)"', listed[1])) == set(STYLES)
