"""A server of either engine, as the rest of the package knows it: requests in, answers and sentences out.

Each engine has a module with its own client library, whose retries are off: whoever sends owns the loop. No sentence
holds a credential: the address that is shown is host and port, and what the server says of credentials that it refuses
is not repeated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from normalizer.errors import Busy, ServerError
from normalizer.outputs.address import Address
from normalizer.outputs.answers import ItemResult, NoAnswer, error_of, results, seconds_to_wait
from normalizer.outputs.failures import Failure
from normalizer.outputs.masks import Mask

TIMEOUT = 60.0
"""Seconds that each step of a request may take: to connect, to send, to answer."""


_BUSY = (429, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer: status, the JSON value of its body (or None), headers with names in lower case."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the server has done what it was asked for. Redirects are not followed, and are refusals too."""
        return 200 <= self.status < 300


class Server(ABC):
    """One address of a cluster. `address` is host and port, for sentences. Safe to use from several threads."""

    engine: ClassVar[str]
    """Its name for people: Elasticsearch, OpenSearch."""

    def __init__(self, address: Address, headers: Mapping[str, str]) -> None:
        """`headers` are sent with every request; credentials among them are masked in all that the server says."""
        self.address = address.shown
        self.authorized = bool(headers)
        self.mask = Mask.of(headers)

    @abstractmethod
    def request(self, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None) -> Answer:
        """Send one request; any status is an answer. Raises ServerError where there is none that can be read."""

    @abstractmethod
    def bulk(
        self, data_stream: str, items: Sequence[bytes], pipeline: str | None = None
    ) -> list[ItemResult] | NoAnswer:
        """Send `create` requests to a data stream, through an ingest pipeline where one is named.

        `items` and what comes back are those of `normalizer.outputs.answers.Send`.
        """

    @abstractmethod
    def close(self) -> None:
        """Close its connections."""

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON of what is there; None where nothing is (404). Raises ServerError."""
        answer = self.request("GET", path, params=params)
        return None if answer.status == 404 else self._accepted(answer).body

    def put(self, path: str, body: object, params: Mapping[str, str] | None = None) -> Any:
        """Put it there. Raises ServerError."""
        return self._accepted(self.request("PUT", path, body, params)).body

    def post(self, path: str, body: object = None, params: Mapping[str, str] | None = None) -> Any:
        """Do what the path says. Raises ServerError."""
        return self._accepted(self.request("POST", path, body, params)).body

    def delete(self, path: str) -> bool:
        """Remove it; whether it was there. Raises ServerError."""
        answer = self.request("DELETE", path)
        return answer.status != 404 and self._accepted(answer) is not None

    def _accepted(self, answer: Answer) -> Answer:
        if not answer.ok:
            raise self.refused(answer)
        return answer

    def refused(self, answer: Answer) -> ServerError:
        """The error for an answer that is none: Busy where the server may have time later."""
        kind = Busy if answer.status in _BUSY else ServerError
        return kind(self.refusal(answer.status, answer.body))

    def refusal(self, status: int, body: object) -> str:
        """One sentence for a status that is an error."""
        where = self.where
        if status == 401:
            given = "refuses our credentials" if self.authorized else "wants credentials, and none were given"
            return f"{where} {given} (401)."
        kind, reason = map(self.mask, error_of(body))
        said = f": {reason or kind}" if reason or kind else ""
        if status == 403:
            return f"{where} does not allow us to do this (403){said}."
        return f"{where} refuses the request ({status}){said}."

    @property
    def where(self) -> str:
        """Its name and address, for sentences."""
        return f"{self.engine} at {self.address}"

    def results(self, answer: Answer) -> list[ItemResult] | NoAnswer:
        """What the answer to a bulk request lists, or why there is nothing."""
        if answer.ok:
            found = results(answer.body)
            return found if isinstance(found, NoAnswer) else [self._without_secrets(each) for each in found]
        wait = seconds_to_wait(answer.headers.get("retry-after"))
        return NoAnswer(self.refusal(answer.status, answer.body), answer.status, wait)

    def _without_secrets(self, result: ItemResult) -> ItemResult:
        if not self.mask or not (result.kind or result.reason):
            return result
        return replace(result, kind=self.mask(result.kind), reason=self.mask(result.reason))

    def no_answer(self, failure: Failure) -> NoAnswer:
        """For a bulk request. Raises ServerError where sending again cannot help."""
        if failure.final:
            raise ServerError(failure.sentence) from None
        return NoAnswer(failure.sentence)

    def __repr__(self) -> str:
        return f"<{self.where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
