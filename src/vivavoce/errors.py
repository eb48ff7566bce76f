"""Every failure that a caller can meet, as one tree with stable codes.

``code`` never changes once published: clients branch on it, dialects translate it into their vendor's own
status and words (``dialects/<vendor>/errors.py``). The message says what was expected, what came and, where
there is something to do, what to do. A message never holds the caller's text beyond a short quoted name.
"""

from __future__ import annotations

from typing import Any, ClassVar, Final


def quoted(value: object, limit: int = 60) -> str:
    """``value`` for use inside a message: printable, on one line, at most ``limit`` characters."""
    shown = value if isinstance(value, str) else repr(value)
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown)
    return repr(shown if len(shown) <= limit else shown[: limit - 1] + "…")


class VivavoceError(Exception):
    """The root of the tree.

    ``param`` names the request field at fault, if one is; ``retry_after_s`` says when trying again may help.
    """

    code: str = "internal_error"

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s


class RequestError(VivavoceError):
    """The caller's own fault: the same request will fail again."""

    code = "invalid_request"


class MalformedMessageError(RequestError):
    """The bytes are no message of this wire: broken JSON, invalid UTF-8, an unknown message type."""

    code = "malformed_message"


class WrongTypeError(RequestError):
    """A field holds a value of another type than the wire gives it."""

    code = "wrong_type"


class MissingFieldError(RequestError):
    """A field that the message cannot do without is absent."""

    code = "missing_field"


class UnknownOptionError(RequestError):
    """The message names a field that this wire does not have."""

    code = "unknown_option"


class OutOfRangeError(RequestError):
    """A number, or a choice from a fixed set, outside what is allowed."""

    code = "out_of_range"


class EmptyTextError(RequestError):
    """A request that must carry text carries none, or only white space."""

    code = "empty_text"


class TextTooLongError(RequestError):
    """More text than one stream may carry, or more than it may hold unspoken."""

    code = "text_too_long"


class MessageTooLargeError(RequestError):
    """A request body or frame over the size this server reads."""

    code = "message_too_large"


class UnknownVoiceError(RequestError):
    """No installed voice has this name."""

    code = "unknown_voice"


class UnknownLanguageError(RequestError):
    """No installed voice speaks this language, or the chosen voice does not."""

    code = "unknown_language"


class UnknownModelError(RequestError):
    """A model name that this wire does not have."""

    code = "unknown_model"


class UnknownFormatError(RequestError):
    """An audio format, rate or bit rate that this server does not make."""

    code = "unknown_format"


class UnsupportedMediaError(RequestError):
    """An upload that is not what it has to be, such as a recording that is no audio."""

    code = "unsupported_media"


class OutOfOrderError(RequestError):
    """A command that the stream's state does not allow (see ``session/table.py``)."""

    code = "out_of_order"


class UnknownStreamError(RequestError):
    """A message for a stream that is not open on this connection."""

    code = "unknown_stream"


class DuplicateStreamError(RequestError):
    """An open for a stream number that is already open on this connection."""

    code = "duplicate_stream"


class TooManyStreamsError(RequestError):
    """More simultaneous streams on one connection than the setting allows."""

    code = "too_many_streams"


class AuthenticationError(RequestError):
    """No key, or one that is not valid here."""

    code = "unauthorized"


class MissingKeyError(AuthenticationError):
    """No key came, and one is needed."""

    code = "key_missing"


class ExpiredKeyError(AuthenticationError):
    """The key was good until its time ran out."""

    code = "key_expired"


class RevokedKeyError(AuthenticationError):
    """The key, or the key that made it, has been revoked."""

    code = "key_revoked"


class UsedKeyError(AuthenticationError):
    """A key for one use that has had it."""

    code = "key_used"


class SessionExpiredError(AuthenticationError):
    """The connection is older than its temporary key allows."""

    code = "session_expired"


class PermissionDeniedError(RequestError):
    """The key is good, but not for this."""

    code = "permission_denied"


class QuotaExceededError(RequestError):
    """The key has spoken its characters of this month."""

    code = "quota_exceeded"


class RateLimitedError(RequestError):
    """The key has made its requests of this minute. ``retry_after_s`` is set."""

    code = "rate_limited"


class ConcurrencyLimitError(RequestError):
    """The key runs as many streams at once as it may. ``retry_after_s`` is set."""

    code = "concurrency_limit"


class AlreadyExistsError(RequestError):
    """Something with this id or name is already stored."""

    code = "already_exists"


class NotFoundError(RequestError):
    """No such path or resource."""

    code = "not_found"


class MethodNotAllowedError(RequestError):
    """The path exists, for another HTTP method."""

    code = "method_not_allowed"


class OverloadedError(VivavoceError):
    """The machine is full: one more stream would make others stutter. ``retry_after_s`` is set."""

    code = "overloaded"


class ShuttingDownError(VivavoceError):
    """The server is finishing its live streams and takes no new ones. ``retry_after_s`` is set."""

    code = "shutting_down"


class IdleTimeoutError(VivavoceError):
    """The stream or connection was silent for longer than the setting allows."""

    code = "idle_timeout"


class EngineError(VivavoceError):
    """An engine could not speak a unit of this stream."""

    code = "engine_failed"


class WorkerDiedError(EngineError):
    """The worker process ended in the middle of this stream; other streams are unharmed."""

    code = "worker_died"


class VoiceQuarantinedError(EngineError):
    """This voice killed its worker repeatedly and is not used until the server starts again."""

    code = "voice_quarantined"


class MissingDependencyError(VivavoceError):
    """An optional library or program that this request needs is not installed."""

    code = "missing_dependency"


class StorageError(VivavoceError):
    """The database or the data directory failed; what was to be stored is not."""

    code = "storage_failed"

    def __init__(
        self, message: str, *, reason: str = "", param: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, param=param, retry_after_s=retry_after_s)
        self.reason = reason
        """What the driver or the system said. It may hold addresses and paths, so it is for the operator: it is part of
        ``str(error)``, and not of the message that callers are told."""

    def __str__(self) -> str:
        return f"{self.message}: {self.reason}" if self.reason else self.message


class InternalError(VivavoceError):
    """A defect of ours. The stream is lost, its neighbours are not."""

    code = "internal_error"


# ---- what the SDK raises ------------------------------------------------------------------------------------------


class VivavoceClientError(VivavoceError):
    """The root of what the SDK raises. ``code`` is the server's own code, or one of those that only a client has:
    ``connection_failed``, ``connection_lost``, ``timeout``, ``stream_closed`` and ``not_local``."""

    default_code: ClassVar[str] = "internal_error"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        param: str | None = None,
        retry_after_s: float | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, param=param, retry_after_s=retry_after_s)
        self.code = code or self.default_code
        self.request_id = request_id
        """The server's id of the request or connection, as its log has it; "" where there is none."""


class VivavoceConnectionError(VivavoceClientError):
    """The server could not be reached, or the connection was lost and could not be resumed."""

    default_code: ClassVar[str] = "connection_lost"

    def __init__(
        self, message: str, *, code: str = "", close_code: int | None = None, reason: str = "", **more: Any
    ) -> None:
        super().__init__(message, code=code, **more)
        self.close_code = close_code
        """The WebSocket's close code (1006: it was cut without one); ``None`` where no socket was open."""
        self.reason = reason
        """The reason that came with it."""


class VivavoceTimeoutError(VivavoceConnectionError):
    """Nothing came for longer than the client's own :class:`~vivavoce.types.Timeouts` allow."""

    default_code: ClassVar[str] = "timeout"


class VivavoceAuthError(VivavoceClientError):
    """No key, one that is not valid here, or one that is not good for this."""

    default_code: ClassVar[str] = "unauthorized"


class VivavoceRateLimitError(VivavoceClientError):
    """A limit of the key, of the connection or of the machine is reached; ``retry_after_s`` says when to try again."""

    default_code: ClassVar[str] = "rate_limited"


class VivavoceValidationError(VivavoceClientError):
    """The request is wrong: the same one will fail again. ``param`` names the field."""

    default_code: ClassVar[str] = "invalid_request"


class VivavoceNotFoundError(VivavoceValidationError):
    """There is no such dictionary, key, voice or path."""

    default_code: ClassVar[str] = "not_found"


class VivavoceServerError(VivavoceClientError):
    """The server failed on this request."""


class VivavoceRealtimeError(VivavoceClientError):
    """A stream of ``client.realtime`` failed; its siblings go on. ``__cause__`` is the error by its kind."""

    def __init__(self, message: str, *, stream_id: str = "", **more: Any) -> None:
        super().__init__(message, **more)
        self.stream_id = stream_id
        """The failed stream's id, as its config gave it."""


CLIENT_CODES: Final = ("connection_failed", "connection_lost", "timeout", "stream_closed", "not_local")
"""Codes that no server sends."""


def error_classes() -> list[type[VivavoceError]]:
    """Every class that a server raises, parents before children, in the order they are defined."""
    found: list[type[VivavoceError]] = []
    queue: list[type[VivavoceError]] = [VivavoceError]
    while queue:
        cls = queue.pop(0)
        found.append(cls)
        queue.extend(child for child in cls.__subclasses__() if child is not VivavoceClientError)
    return found
