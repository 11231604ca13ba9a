"""What it means when a request has no answer, or none that can be read: one sentence for all that a client may raise.

Clients and urllib3 wrap one exception into another, differently from version to version; so the reason is looked for in
all that an exception was made from. No text of theirs is repeated: it may hold what was sent.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import urllib3.exceptions

from normalizer.errors import NormalizerError, ServerError, Unanswered
from normalizer.outputs.pool import TooLarge

_LATE = (TimeoutError, urllib3.exceptions.TimeoutError)
_UNREADABLE = (UnicodeError, TooLarge, urllib3.exceptions.DecodeError)
_BROKEN = (OSError, urllib3.exceptions.HTTPError)
_UNKNOWN_AUTHORITY = frozenset((7, 18, 19, 20, 21))
"""OpenSSL's numbers (X509_V_ERR_…) for a certificate that nobody we know has signed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One sentence, and whether sending again cannot help: the server is not trusted."""

    sentence: str
    final: bool = False


def failure(error: Exception, where: str, unreadable: tuple[type[Exception], ...] = ()) -> Failure:
    """What an exception of a client means.

    `where` is the engine's name and address, `unreadable` the client's exceptions for an answer that is not JSON.
    """
    causes = _causes(error)
    if reason := _untrusted(causes):
        return Failure(f"{where} is not trusted: {reason}.", final=True)
    if any(isinstance(each, (*_UNREADABLE, *unreadable)) for each in causes):
        return Failure(f"{where} gave an answer that cannot be read.")
    if any(isinstance(each, _LATE) for each in causes) and not any(map(_has_reason, causes)):
        return Failure(f"{where} did not answer in time.")
    if any(isinstance(each, _BROKEN) for each in causes):
        return Failure(f"{where} cannot be reached: {_why(causes)}.")
    return Failure(f"The request to {where} failed ({type(error).__name__}).")


@contextmanager
def plainly(where: str, unreadable: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Within it, every exception of a client leaves as a ServerError."""
    try:
        yield
    except NormalizerError:
        raise
    except Exception as error:  # the clients' exceptions have no common root, and some are built-in
        known = failure(error, where, unreadable)
        raise (ServerError if known.final else Unanswered)(known.sentence) from None


def _causes(error: BaseException) -> list[BaseException]:
    """An exception and all that it was made from, outermost first: the clients and urllib3 keep them in many places."""
    seen: list[BaseException] = []
    queue: list[object] = [error]
    while queue:
        each = queue.pop(0)
        if isinstance(each, BaseException) and each not in seen:
            seen.append(each)
            queue += [*getattr(each, "errors", ()), getattr(each, "reason", None), each.__cause__, each.__context__]
            queue += each.args
    return seen


def _untrusted(causes: list[BaseException]) -> str | None:
    """Why the server's certificate is refused; None where it is not, and the connection failed otherwise."""
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            reason = (each.verify_message or "its certificate cannot be verified").rstrip(".")
            is_unknown = each.verify_code in _UNKNOWN_AUTHORITY
            return f"{reason}; give its authority as ca_certs, or a fingerprint" if is_unknown else reason
    by_us = any(isinstance(each, urllib3.exceptions.SSLError) for each in causes)
    if by_us and not any(isinstance(each, OSError) for each in causes):  # a fingerprint is not compared by OpenSSL
        return "its certificate is not the one that was expected of it"
    return None


def _has_reason(error: BaseException) -> bool:
    """Whether the system says so itself, `Connection timed out`: then nobody was there."""
    return isinstance(error, OSError) and bool(error.strerror)


def _why(causes: list[BaseException]) -> str:
    """The innermost reason that says something: `Connection refused`, `wrong version number`."""
    for each in reversed(causes):
        if isinstance(each, ssl.SSLError) and each.reason:
            advice = "; if it speaks plain http, write http://" if each.reason == "WRONG_VERSION_NUMBER" else ""
            return f"no TLS connection, {each.reason.replace('_', ' ').lower()}{advice}"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return "the connection was lost"
