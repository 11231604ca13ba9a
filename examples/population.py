"""The people, programs, networks and devices of an invented company, from ``company.json``.

Addresses come from documentation and private ranges. Of ``random`` only ``random()`` and ``getrandbits()`` are used,
which do not change between versions of Python.
"""

import base64
import itertools
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

Event = dict[str, Any]
T = TypeVar("T")

COMPANY: dict[str, Any] = json.loads(Path(__file__).with_name("company.json").read_text(encoding="utf-8"))
FIRST_NAMES, LAST_NAMES = list(COMPANY["first_names"].items()), list(COMPANY["last_names"].items())
PEOPLE, ADMINS, PROGRAMS = 60, 6, 2
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
SYLLABLES = [consonant + vowel for consonant in "bdfghklmnprstvwz" for vowel in "aeio"]
MANAGED_DEVICES = {"IOS": 36, "OSX": 20, "ANDROID": 16, "WINDOWS": 14, "UNKNOWN": 4}


def pick(rng: Random, choices: Sequence[T]) -> T:
    """One of the choices, all equally likely."""
    return choices[int(rng.random() * len(choices))]


def token(rng: Random, prefix: str, length: int = 20) -> str:
    """An identifier as Okta makes them: a prefix for its kind, then letters and digits."""
    size = length - len(prefix)
    return prefix + base64.b64encode(rng.getrandbits(size * 8).to_bytes(size), b"Qz")[:size].decode()


def digest(rng: Random, characters: int) -> str:
    """A hash as hexadecimal text."""
    return f"{rng.getrandbits(characters * 4):0{characters}x}"


def word(number: int) -> str:
    """An invented name, another one for each number below 16 millions."""
    scrambled = number * 0x9E3779B1
    return "".join(SYLLABLES[scrambled >> shift & 63] for shift in (0, 6, 12, 18)).title()


def compact(value: Any) -> str:
    """JSON without blanks, every letter as itself."""
    return COMPACT.encode(value)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who acts, with network, browser and session; also a program that calls Okta's API."""

    number: int
    actor: Event
    address: str
    network: Event
    browser: Event
    own_device: Event | None
    authentication: Event
    session: str
    is_program: bool


@dataclass(frozen=True, slots=True)
class Device:
    """A managed device, as the target of an event, and whose it is."""

    target: Event
    owner: Person


class Population:
    """The people and devices of one company, or with ``varied`` somebody and something new each time."""

    def __init__(self, rng: Random, varied: bool) -> None:
        """Makes the company, or in a varied population nobody yet."""
        self._rng = rng
        self._varied = varied
        self._numbers = itertools.count()
        if not varied:
            self._people = [self._new_person() for _ in range(PEOPLE)]
            self._programs = [self._new_person(is_program=True) for _ in range(PROGRAMS)]
            self._devices = {
                platform: [self._new_device(platform, pick(rng, self._people)) for _ in range(count)]
                for platform, count in MANAGED_DEVICES.items()
            }

    def admin(self) -> Person:
        """One of the few who send commands."""
        return self._new_person() if self._varied else pick(self._rng, self._people[:ADMINS])

    def program(self) -> Person:
        """One of the programs that send commands."""
        return self._new_person(is_program=True) if self._varied else pick(self._rng, self._programs)

    def device(self, platform: str) -> Device:
        """A managed device of the platform."""
        if self._varied:
            return self._new_device(platform, self._new_person())
        return pick(self._rng, self._devices[platform])

    def _new_person(self, is_program: bool = False) -> Person:
        rng, number = self._rng, next(self._numbers)
        browsers, authentications = COMPANY["browsers"], COMPANY["authentications"]
        browser = browsers[-1] if is_program else browsers[number % (len(browsers) - 1)]
        network = COMPANY["networks"][number % len(COMPANY["networks"])]
        address = network["prefix"] + (f"{number + 1:x}" if ":" in network["prefix"] else f"{number + 1}")
        if self._varied:
            browser, network = varied_browser(browser, number), varied_network(network, number)
            address = varied_address(number)
        return Person(
            number=number,
            actor=new_actor(rng, number, self._varied, is_program),
            address=address,
            network=network,
            browser=browser,
            own_device=new_own_device(rng, number) if number % 10 in {0, 3, 5} and not is_program else None,
            authentication=authentications[number % len(authentications)],
            session=token(rng, "idx", 23),
            is_program=is_program,
        )

    def _new_device(self, platform: str, owner: Person) -> Device:
        rng, number = self._rng, next(self._numbers)
        entry: Event = dict(pick(rng, COMPANY["managed_devices"][platform]))
        known = entry["manufacturer"] is not None
        serial = digest(rng, 12).upper() if known else "unknown"
        entry["serialNumber"] = serial
        entry["udid"] = str(uuid.UUID(int=rng.getrandbits(128))).upper() if platform in {"IOS", "OSX"} else None
        entry["platform" if number % 3 == 0 else "osPlatform"] = platform
        if number % 4 == 0:  # some of Okta's entries are written in snake_case
            entry["serial_number"], entry["os_version"] = entry.pop("serialNumber"), entry.pop("osVersion")
        name = f"{owner.actor['displayName']} – {entry['model']}{' 🚀' if number % 9 == 0 else ''}"
        target = {
            "id": token(rng, "guo"),
            "type": pick(rng, ("Device", "UDDevice", "MobileDevice")),
            "alternateId": serial if number % 2 else "unknown",
            "displayName": name if known else "Unknown",
            "detailEntry": entry,
        }
        return Device(target, owner)


def person_name(number: int) -> tuple[str, str]:
    """The name and the login of one of the company's people: no two among 400 are alike."""
    (first, first_login), (last, last_login) = FIRST_NAMES[number % 20], LAST_NAMES[(number * 7 + number // 20) % 20]
    return f"{first} {last}", f"{first_login}.{last_login}"


def new_actor(rng: Random, number: int, varied: bool, is_program: bool) -> Event:
    """A person or a program as Okta writes an actor."""
    if varied:
        name = word(number)
        login = f"{name.lower()}.{number}"
    else:
        name, login = person_name(number)
    identifier = token(rng, "0oa" if is_program else "00u")
    return {
        "id": identifier,
        "type": "PublicClientApp" if is_program else "User",
        "alternateId": identifier if is_program else f"{login}@example.com",
        "displayName": f"Fleet Sync {number}" if is_program else name,
    }


def new_own_device(rng: Random, number: int) -> Event:
    """The device with which a person signs in to Okta, which is not the one that is managed."""
    device = pick(rng, COMPANY["own_devices"])
    signals = {"provider": "chrome_dtc", "signals": {"osFirewall": number % 3 > 0, "score": number % 101}}
    return {
        "id": token(rng, "guo"),
        **device,
        "managed": number % 4 < 3,
        "registered": True,
        "secure_hardware_present": number % 7 > 0,
        "device_integrator": compact(signals) if number % 2 else None,
    }


def varied_address(number: int, hop: int = 0) -> str:
    """A private or documentation address that no other number has; hops after the first have IPv6 addresses."""
    if hop == 0 and number % 2:
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return f"2001:db8:{hop << 12 | number >> 16:x}::{number & 0xFFFF:x}"


def varied_network(network: Event, number: int) -> Event:
    """A network like the given one, in a city and of a provider that no other number has."""
    place, provider = network["geographicalContext"], word(number + 1)
    point = {axis: round(degrees + number % 9973 / 9999, 4) for axis, degrees in place["geolocation"].items()}
    return {
        "zone": f"{word(number)} office",
        "geographicalContext": {**place, "city": word(number), "postalCode": f"{number:06}", "geolocation": point},
        "securityContext": {
            "asNumber": 4200000000 + number % 94967295,  # the range for private use
            "asOrg": f"{provider} telecom",
            "isp": provider,
            "domain": f"{provider.lower()}.example",
            "isProxy": number % 10 == 0,
        },
    }


def varied_browser(browser: Event, number: int) -> Event:
    """A browser like the given one, with a user agent that no other number has."""
    raw = f"{browser['userAgent']['rawUserAgent']} Verify/{number}"
    return {**browser, "userAgent": {**browser["userAgent"], "rawUserAgent": raw}}
