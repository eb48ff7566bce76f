"""The commands ``keys`` and ``dictionaries`` on a real store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from databases import in_loop
from vivavoce.cli import main
from vivavoce.cli.dictionaries import dictionaries, read_book
from vivavoce.cli.keys import keys
from vivavoce.errors import NotFoundError, OutOfRangeError
from vivavoce.records import KeyLimits
from vivavoce.settings import Settings
from vivavoce.store.store import Store
from vivavoce.text.pronounce import Entry

pytestmark = pytest.mark.integration


class Terminal:
    """Runs commands against one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def run(self, group: Any, *arguments: str) -> Result:
        environment = {"VIVAVOCE_DATA_DIR": str(self.data_dir), "VIVAVOCE_DATABASE_URL": None}
        return CliRunner().invoke(group, arguments, env=environment)

    def json(self, group: Any, *arguments: str) -> Any:
        done = self.run(group, *arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_key_is_made_listed_and_revoked(terminal: Terminal) -> None:
    assert "No keys yet" in terminal.run(keys, "list").stderr
    made = terminal.run(
        keys, "create", "laptop", "--scope", "speech", "--streams", "2", "--expires-in", "90d"
    )
    assert made.exit_code == 0
    secret = made.stdout.strip()

    @in_loop
    async def check() -> None:
        async with await Store.open(Settings(data_dir=str(terminal.data_dir))) as store:
            (key,) = store.keys.all()
            assert store.keys.check(secret, "speech", key.created_at) == key
            assert key.limits == KeyLimits(concurrent_streams=2)
            assert key.expires_at == pytest.approx(key.created_at + 90 * 86_400, abs=60)

    check()
    (listed,) = terminal.json(keys, "list")
    assert (listed["name"], listed["scopes"], listed["limits"]["concurrent_streams"]) == (
        "laptop",
        ["speech"],
        2,
    )
    assert secret not in json.dumps(listed)
    shown = terminal.run(keys, "list").stdout
    assert "laptop" in shown
    assert secret not in shown
    assert terminal.json(keys, "revoke", "laptop")["revoked_at"] is not None
    assert terminal.json(keys, "list")[0]["revoked_at"] is not None
    assert "revoked" in terminal.run(keys, "list").stdout


def test_json_shows_the_secret_once(terminal: Terminal) -> None:
    made = terminal.json(keys, "create", "a")
    assert made["secret"].startswith(made["prefix"])
    assert "secret" not in terminal.json(keys, "list")[0]


def test_keys_of_one_name_are_revoked_by_id(terminal: Terminal) -> None:
    first, second = (terminal.json(keys, "create", "twin") for _ in range(2))
    done = terminal.run(keys, "revoke", "twin")
    assert isinstance(done.exception, NotFoundError)
    assert "2 keys called 'twin'" in done.exception.message
    assert terminal.json(keys, "revoke", first["id"])["id"] == first["id"]
    assert terminal.json(keys, "revoke", "twin")["id"] == second["id"]


@pytest.mark.parametrize("bad", ["", "3", "3y", "-1d", "0d", "1.5h"])
def test_durations(bad: str, terminal: Terminal) -> None:
    done = terminal.run(keys, "create", "a", "--expires-in", bad)
    assert done.exit_code == 2
    assert "expected a duration like" in done.stderr


def test_a_dictionary_is_built_entry_by_entry(terminal: Terminal) -> None:
    assert "No dictionaries yet" in terminal.run(dictionaries, "list").stderr
    assert terminal.run(dictionaries, "add", "acronyms", "SQL", "sequel", "--language", "en").exit_code == 0
    assert terminal.run(dictionaries, "add", "acronyms", "GIF", "jif", "--case-sensitive").exit_code == 0
    assert terminal.run(dictionaries, "add", "acronyms", "SQL", "ess").exit_code == 0
    shown = terminal.json(dictionaries, "show", "acronyms")
    assert [(e["original"], e["rewrite"], e["case_sensitive"]) for e in shown["entries"]] == [
        ("SQL", "ess", False),
        ("GIF", "jif", True),
    ]
    assert shown["language"] == "en"
    assert "matters" in terminal.run(dictionaries, "show", shown["id"]).stdout
    wrong = terminal.run(dictionaries, "add", "acronyms", "a", "b", "--language", "fr")
    assert isinstance(wrong.exception, OutOfRangeError)
    assert terminal.run(dictionaries, "remove", "acronyms", "SQL").exit_code == 0
    assert isinstance(terminal.run(dictionaries, "remove", "acronyms", "SQL").exception, NotFoundError)
    assert len(terminal.json(dictionaries, "list")[0]["entries"]) == 1
    assert terminal.run(dictionaries, "remove", "acronyms").exit_code == 0
    assert terminal.json(dictionaries, "list") == []
    assert isinstance(terminal.run(dictionaries, "show", "acronyms").exception, NotFoundError)


ENTRIES = (Entry("nginx", "engine x"), Entry("K8s, Inc.", "kates", True))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'nginx,engine x\n"K8s, Inc.",kates,yes\n'),
        (
            "a.csv",
            '\ufefforiginal,rewrite,case_sensitive\r\nnginx,engine x,\r\n\r\n"K8s, Inc.",kates,TRUE\r\n',
        ),
        (
            "a.json",
            '[{"original":"nginx","rewrite":"engine x"},'
            '{"original":"K8s, Inc.","rewrite":"kates","case_sensitive":true}]',
        ),
        (
            "a.json",
            '{"name":"ops","language":"en","rules":[{"original":"nginx","rewrite":"engine x"},'
            '{"original":"K8s, Inc.","rewrite":"kates","case_sensitive":true,"id":7}]}',
        ),
    ],
)
def test_files_are_imported(name: str, content: str, terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    book = read_book(file)
    assert (book.entries or book.rules) == ENTRIES
    assert terminal.run(dictionaries, "import", str(file)).exit_code == 0
    (made,) = terminal.json(dictionaries, "list")
    assert (made["name"], made["language"]) == ((book.name or "a"), book.language)
    assert len(made["entries"]) == 2


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.json", b"{", "Expecting"),
        ("a.json", b'{"entries":[{"original":3}]}', "entries"),
        ("a.json", b'"x"', "Expected"),
        ("a.json", b"[]", "found none"),
        ("a.csv", b"", "found none"),
        ("a.csv", b"a,b,c,d\n", "line 1"),
        ("a.csv", b'a,"b\n', "unexpected end"),
        ("a.csv", b"\xff\xfe", "UTF-8"),
    ],
)
def test_files_that_are_no_dictionary(
    name: str, content: bytes, complaint: str, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    done = terminal.run(dictionaries, "import", str(tmp_path / name))
    assert isinstance(done.exception, OutOfRangeError)
    assert complaint in done.exception.message
    assert name in done.exception.message


def test_a_database_that_fails_is_explained_to_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vivavoce.db").write_bytes(b"not a database" * 1000)
    monkeypatch.setenv("VIVAVOCE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("VIVAVOCE_DATABASE_URL", raising=False)
    assert main(["keys", "list"]) == 1
    assert "the database failed: DatabaseError: file is not a database" in capsys.readouterr().err
