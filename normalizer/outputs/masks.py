"""Keeps credentials out of what is repeated of a server's words: it, or what stands before it, may say them again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

from normalizer.outputs.answers import CUT

_MASK = "[secret]"
_SHORTEST = 4
"""What has fewer characters is no secret, and words would be full of it."""


@dataclass(frozen=True, slots=True)
class Mask:
    """Takes out what a header of `normalizer.outputs.address.authorization` says, in all forms in which it may come."""

    _secrets: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Mask:
        """For a server that is asked with these headers."""
        _, _, encoded = headers.get("authorization", "").partition(" ")
        try:
            plain = base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            plain = ""
        password = plain.partition(":")[2]
        found = (plain, encoded, password, " ".join(password.split()))
        return cls(tuple(each for each in found if len(each) >= _SHORTEST))

    def __bool__(self) -> bool:
        """Whether there is anything to take out."""
        return bool(self._secrets)

    def __call__(self, said: str) -> str:
        """The text without them; also where it was cut amid one."""
        for secret in self._secrets:
            said = said.replace(secret, _MASK)
            if said.endswith(CUT):
                parts = (secret[:length] + CUT for length in range(len(secret) - 1, 0, -1))
                part = next((each for each in parts if said.endswith(each)), CUT)
                said = said.removesuffix(part) + (_MASK if part != CUT else "") + CUT
        return said
