"""Plain requests of every dialect: voices, dictionaries, usage, keys. One endpoint reads them, checks the key and
carries out the dialect's own handler; whatever fails is answered in the dialect's own words."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, QueryParams, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.types import Receive, Scope, Send

from vivavoce.dialects.desk import Answer, Call, Service, Upload
from vivavoce.errors import (
    MalformedMessageError,
    MethodNotAllowedError,
    PermissionDeniedError,
    StorageError,
    VivavoceError,
)
from vivavoce.server.auth import Credential
from vivavoce.server.cors import of_another_origin
from vivavoce.server.house import House
from vivavoce.server.http import ClientLeftError, read_body, request_id_of, respond

log = logging.getLogger(__name__)

MAX_FIELDS: Final = 64
FORM_PIECE_BYTES: Final = 65_536
"""Parsed at once; ten megabytes in one go would hold up every stream for tenths of a second."""
FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")


class ServiceEndpoint:
    """The ASGI application of one path: its services by method."""

    def __init__(
        self, house: House, services: Mapping[str, Service], credential: Credential, name: str
    ) -> None:
        self.name = name
        self._house = house
        self._services = services
        self._credential = credential

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        service = self._services.get(scope["method"])
        request_id = request_id_of(scope)
        try:
            if service is None:
                allowed = ", ".join(self._services)
                raise MethodNotAllowedError(f"expected {allowed}, got {scope['method']}")
            answer = await service.handler(await self._call(service, scope, receive), self._house.desk)
        except ClientLeftError:
            return
        except VivavoceError as error:
            if isinstance(error, StorageError):
                # The caller is told the bare fact; why it is so is the operator's to know.
                log.error("%s id=%s failed: %s", self.name, request_id, error)
            refuse = (service or next(iter(self._services.values()))).refuse
            answer = refuse(error)
            if isinstance(error, MethodNotAllowedError):
                answer = Answer(
                    answer.status, {**answer.headers, "allow": ", ".join(self._services)}, answer.body
                )
        await respond(send, answer.status, answer.headers, answer.body, request_id)

    async def _call(self, service: Service, scope: Scope, receive: Receive) -> Call:
        if error := self._house.closing():
            raise error
        headers = Headers(scope=scope)
        query = QueryParams(scope["query_string"])
        foreign = of_another_origin(headers, named=self._house.settings.insecure)
        if foreign and service.scope != "speech" and self._house.gate.open:
            # Browsers send plain forms anywhere unasked. Without a key to withhold, any page that is open on this
            # machine could make the first key, and so lock everybody out.
            raise PermissionDeniedError("a page of another origin may not manage a server without keys")
        key = await self._house.gate.admit(self._credential(headers, query, ()), service.scope)
        patience_s = self._house.settings.idle_timeout_s
        body = await read_body(receive, headers, service.max_body_bytes, patience_s)
        fields, files = await _form(headers, body)
        return Call(
            method=scope["method"],
            path=scope.get("path_params", {}),
            query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
            headers=headers,
            body=body,
            fields=fields,
            files=files,
            key=key,
            now=time.time(),
        )


async def _form(headers: Headers, body: bytes) -> tuple[dict[str, str], dict[str, Upload]]:
    """The fields and files of a form. Raises MalformedMessageError."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in FORMS:
        return {}, {}
    parser: MultiPartParser | FormParser
    if kind == FORMS[0]:
        parser = MultiPartParser(
            headers, _pieces(body), max_files=MAX_FIELDS, max_fields=MAX_FIELDS, max_part_size=len(body) + 1
        )
    else:
        parser = FormParser(headers, _pieces(body))
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, KeyError, AssertionError) as error:
        raise MalformedMessageError(f"expected a well-formed {kind} body: {error}") from None
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            files[name] = Upload(value.filename or "", value.content_type or "", await value.read())
        else:
            fields[name] = value
    await form.close()
    return fields, files


async def _pieces(body: bytes) -> AsyncGenerator[bytes, None]:
    for at in range(0, len(body), FORM_PIECE_BYTES):
        yield body[at : at + FORM_PIECE_BYTES]
        await asyncio.sleep(0)
    yield b""
