"""The page at ``/docs``: the OpenAPI document for people, as one HTML file that loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
code,pre{font:.9em ui-monospace,monospace;background:#8881;border-radius:.25em}code{padding:.1em .3em}
pre{padding:.8em;overflow-x:auto}h2{margin-top:2.5rem;border-bottom:1px solid #8884}h3{margin-top:1.8rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3em .8em .3em 0;
border-bottom:1px solid #8883}nav a{margin-right:1em}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}a{color:#8bf}}
"""
_CURL: Final = """curl -N http://127.0.0.1:{port}/v1/speech \\
  -H 'content-type: application/json' \\
  -d '{{"text":"Streaming is fast.","format":"mp3"}}' -o hello.mp3"""


def page(described: Mapping[str, Any], port: int) -> bytes:
    """The page for an OpenAPI document of :mod:`vivavoce.server.openapi`, its example for a server on ``port``."""
    info = described["info"]
    schemas = described["components"]["schemas"]
    paths = [
        _operation(path, method, operation)
        for path, methods in described["paths"].items()
        for method, operation in methods.items()
    ]
    shapes = [_shape(name, schema) for name, schema in schemas.items()]
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>Vivavoce {escape(info['version'])}: reference</title><style>{_STYLE}</style></head><body>",
            f"<h1>Vivavoce {escape(info['version'])}</h1><p>{escape(info['summary'])}</p>",
            '<nav><a href="/">Start</a><a href="/openapi.json">OpenAPI</a><a href="#paths">Paths</a>',
            f'<a href="#messages">Messages</a></nav><pre>{escape(_CURL.format(port=port))}</pre>',
            f'<h2 id="paths">Paths</h2>{"".join(paths)}<h2 id="messages">Messages</h2>{"".join(shapes)}',
            "</body></html>",
        )
    ).encode()


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    rows = []
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        shapes = {_type(media["schema"]) for media in content.values() if "$ref" in media["schema"]}
        rows.append((escape(status), _prose(response["description"]), ", ".join(sorted(shapes))))
    request = operation.get("requestBody", {}).get("content", {}).get("application/json")
    body = f"<p>Body: {_type(request['schema'])}</p>" if request else ""
    options = ", ".join(f"<code>{escape(p['name'])}</code>" for p in operation.get("parameters", ()))
    return (
        f"<h3><code>{escape(method.upper())} {escape(path)}</code></h3><p>{_prose(operation['summary'])}</p>"
        f"<p>{_prose(operation.get('description', ''))}</p>{body}"
        f"{f'<p>Query: {options}</p>' if options else ''}"
        f"{_table(('Status', 'Meaning', 'Body'), rows)}"
    )


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    heading = f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{_prose(schema.get("description", ""))}</p>'
    if "properties" not in schema:
        return f"{heading}<p>{_type(schema)}</p>"
    required = schema.get("required", ())
    rows = [
        (
            f"<code>{escape(field)}</code>",
            _type(rule) + (", required" if field in required else _default(rule)),
            _prose(rule.get("description", "")),
        )
        for field, rule in schema["properties"].items()
    ]
    return heading + _table(("Field", "Type", "Meaning"), rows)


def _type(rule: Mapping[str, Any]) -> str:
    """A schema in a few words, with links."""
    if "$ref" in rule:
        name = escape(rule["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in rule:
        return " or ".join(map(_type, rule["anyOf"]))
    if "enum" in rule:
        return " or ".join(f"<code>{escape(str(value))}</code>" for value in rule["enum"])
    if rule.get("type") == "array":
        return f"list of {_type(rule['items'])}"
    bounds = [f"{sign} {rule[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in rule]
    return escape(" ".join((rule.get("type", "anything"), *bounds)))


def _default(rule: Mapping[str, Any]) -> str:
    return (
        f", default <code>{escape(repr(rule['default']))}</code>" if rule.get("default") is not None else ""
    )


def _prose(text: str) -> str:
    """Escaped, with `code` between backquotes."""
    parts = escape(text).split("`")
    return "".join(part if at % 2 == 0 else f"<code>{part}</code>" for at, part in enumerate(parts))


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"
