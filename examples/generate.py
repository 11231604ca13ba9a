"""Writes realistic events of Okta's System Log about mobile device management: all 17 ``mim.*`` types.

    python examples/generate.py -o examples/okta-mim.ndjson      the sample events of this folder
    python examples/generate.py --count 1000000 -o big.ndjson    as many as wanted, in flat memory
    python examples/generate.py --varied                         no user, address, city or browser comes twice

The events fill one week of September 2026, in the order of ``published``, and tell stories: a device is enrolled, gets
a command and answers. Every field that Okta may leave out is sometimes there, sometimes null or missing. The same
arguments give the same bytes: nothing reads the clock.
"""

import argparse
import bisect
import heapq
import itertools
import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

if not __package__:  # run as a script
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from examples.population import COMPACT, COMPANY, Device, Event, Person, Population, digest, pick, token, varied_address

DEFAULT_COUNT = 400
ESCAPING = json.JSONEncoder(separators=(",", ":"))

# --- stories --------------------------------------------------------------------------------------------------------

ENROLL, GENERIC, IOS = "mim.createEnrollment.", "mim.command.generic.", "mim.command.ios."
# Told in a shuffled order, then again; some 40 events in all. A command that is sent and never answered was refused.
DECK: tuple[tuple[str, ...], ...] = (
    ("mim.streamDevicesCSVDownload",),
    (f"{ENROLL}ANDROID",),
    (f"{ENROLL}IOS",),
    (f"{ENROLL}UNKNOWN",),
    (f"{ENROLL}WINDOWS",),
    (f"{ENROLL}IOS", f"{IOS}new", f"{IOS}acknowledged"),
    (f"{ENROLL}OSX", f"{GENERIC}new", f"{GENERIC}acknowledged"),
    (f"{GENERIC}new", f"{GENERIC}acknowledged"),
    (f"{GENERIC}new", f"{GENERIC}notnow", f"{GENERIC}new", f"{GENERIC}acknowledged"),
    (f"{GENERIC}new", f"{GENERIC}delegated", f"{GENERIC}acknowledged"),
    (f"{GENERIC}new", f"{GENERIC}error"),
    (f"{GENERIC}new", f"{GENERIC}cancelled"),
    (f"{GENERIC}new",),
    (f"{IOS}new", f"{IOS}acknowledged"),
    (f"{IOS}new", f"{IOS}acknowledged"),
    (f"{IOS}new", f"{IOS}error"),
    (f"{IOS}new", f"{IOS}error", f"{IOS}new", f"{IOS}acknowledged"),
    (f"{IOS}new", f"{IOS}formaterror"),
    (f"{IOS}new", f"{IOS}cancelled"),
    (f"{IOS}new",),
)
LONGEST_WAIT = 12


@dataclass(frozen=True, slots=True)
class Story:
    """What happens to one device, event type by event type, in one transaction of Okta."""

    steps: tuple[str, ...]
    sender: Person
    device: Device
    logged_by_okta: bool  # whether the device's answers stand in the log under Okta's name or its owner's
    command: str
    transaction: str
    api_token: str | None


def new_story(rng: Random, population: Population, steps: tuple[str, ...], varied: bool) -> Story:
    """Casts a story: who sends which command to which device, and how it is logged."""
    if steps[0].startswith(ENROLL):
        platform = steps[0].removeprefix(ENROLL)
    else:
        platform = "IOS" if steps[0].startswith(IOS) else pick(rng, ("OSX", "ANDROID", "WINDOWS"))
    return Story(
        steps=steps,
        sender=population.program() if rng.random() < 0.3 else population.admin(),
        device=population.device(platform),
        logged_by_okta=rng.random() < 0.5 and not varied,
        command=pick(rng, COMPANY["commands"]),
        transaction=token(rng, "", 27),
        api_token=token(rng, "00T") if rng.random() < 0.35 else None,
    )


def told(rng: Random, varied: bool) -> Iterator[tuple[Story, int]]:
    """All stories, for ever and interleaved: a story and which of its steps comes now.

    How long an answer takes is counted in events, not in minutes, so that only a few stories are open at any time. In
    a varied population nothing comes twice, so each step has a cast of its own.
    """
    population = Population(rng, varied)
    deck: list[tuple[str, ...]] = []
    waiting: list[tuple[int, int, Story, int]] = []
    for index in itertools.count():
        if waiting and waiting[0][0] <= index:
            _, _, story, step = heapq.heappop(waiting)
            story = new_story(rng, population, story.steps, varied) if varied else story
        else:
            deck = deck or sorted(DECK, key=lambda _: rng.random())
            story, step = new_story(rng, population, deck.pop(), varied), 0
        if step + 1 < len(story.steps):
            heapq.heappush(waiting, (index + 1 + int(rng.random() * LONGEST_WAIT), index, story, step + 1))
        yield story, step


# --- time -----------------------------------------------------------------------------------------------------------

MONDAY = datetime(2026, 9, 14)
BUSY_HOURS = (1, 1, 1, 1, 1, 1, 3, 10, 24, 30, 30, 26, 18, 26, 30, 28, 24, 14, 6, 4, 3, 2, 2, 1)
WEEK = tuple(itertools.accumulate((0, *BUSY_HOURS * 5, *[1] * 48)))  # the load until each hour; weekends are calm
MILLISECONDS_OF_HOUR = 3_600_000


def published(fraction: float) -> str:
    """The moment at which this fraction of the week's events has happened, as Okta writes it."""
    amount = fraction * WEEK[-1]
    hour = bisect.bisect_right(WEEK, amount) - 1
    hours = hour + (amount - WEEK[hour]) / (WEEK[hour + 1] - WEEK[hour])
    moment = MONDAY + timedelta(milliseconds=int(hours * MILLISECONDS_OF_HOUR))
    return moment.isoformat(timespec="milliseconds") + "Z"


# --- one event ------------------------------------------------------------------------------------------------------

SENT_BY_ADMIN = {"new", "cancelled", "streamDevicesCSVDownload"}
ENDINGS = {kind: [row for row in rows for _ in range(row["weight"])] for kind, rows in COMPANY["outcomes"].items()}
BEHAVIORS = ("New Geo-Location", "New Device", "New IP", "New State", "Velocity")
SCOPES = ("okta.devices.read okta.devices.manage", "okta.devices.manage")
PROXIES = (("203.0.113.250", "2001:db8:ff::7"), ("10.0.0.7", "172.16.0.7"))
OKTA_ITSELF = {
    "id": "00u0system0okta00001",
    "type": "SystemPrincipal",
    "alternateId": "system@okta.com",
    "displayName": "Okta System",
}
NOT_KNOWN = {"id": "unknown", "type": "User", "alternateId": "unknown", "displayName": "unknown"}
GAPS = (  # what an event lacks as a whole: each of these in one event of 18, in turn
    *("actor", "client", "device", "authenticationContext", "displayMessage", "outcome", "securityContext", "severity"),
    *("debugContext", "legacyEventType", "transaction", "version", "request", "target"),
)
EVENTS_OF_GAP = 18
OBJECTS = ("actor", "client", "securityContext", "authenticationContext", "transaction", "debugContext", "target")


def log_event(rng: Random, moment: str, story: Story, event_type: str, varied: bool) -> Event:
    """One step of a story as a complete LogEvent."""
    kind = event_type.split(".")[1 if event_type.startswith(ENROLL) else -1]
    by_admin, enrollment = kind in SENT_BY_ADMIN, kind == "createEnrollment"
    person: Person | None = story.sender if by_admin else story.device.owner
    if story.logged_by_okta and not by_admin and not enrollment:
        person = None
    ending = pick(rng, ENDINGS.get(f"{kind} alone" if len(story.steps) == 1 else kind, ENDINGS[kind]))
    actor = OKTA_ITSELF if person is None else person.actor
    if story.logged_by_okta and event_type == f"{ENROLL}UNKNOWN":
        actor = NOT_KNOWN
    signed_in_with = person.own_device if person and actor is person.actor else None
    detail: Event = {}
    if by_admin and story.api_token:
        detail = {"requestApiTokenId": story.api_token}
        if not story.sender.is_program:
            detail["rootApiTokenId"] = "00T" + story.api_token[:2:-1]
    return {
        "actor": {**actor, "detailEntry": {"methodTypeUsed": "Okta FastPass"} if signed_in_with else None},
        "client": new_client(person),
        "device": dict(signed_in_with) if signed_in_with else None,
        "authenticationContext": new_authentication_context(person, moment),
        "displayMessage": COMPANY["messages"][kind],
        "eventType": event_type,
        "outcome": {"result": ending["result"], "reason": ending["reason"]},
        "published": moment,
        "securityContext": new_security_context(rng, person),
        "severity": ending["severity"],
        "debugContext": {"debugData": new_debug_data(rng, person, story, event_type)},
        "legacyEventType": f"app.{event_type}",
        "transaction": {"type": "WEB" if person else "JOB", "id": story.transaction, "detail": detail},
        "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "version": "0",
        "request": {"ipChain": new_ip_chain(rng, person, varied) if person else []},
        "target": new_targets(rng, story, kind, changed=ending["result"] in {"SUCCESS", "ALLOW"}),
    }


def new_client(person: Person | None) -> Event:
    """Okta's ``client``; where Okta itself acted, there is none, in the words that Okta has for it."""
    if person is None:
        nothing = dict.fromkeys(("userAgent", "id", "ipAddress", "geographicalContext"))
        return {**nothing, "zone": "null", "device": "Unknown"}
    return {
        "userAgent": dict(person.browser["userAgent"]),
        "zone": person.network["zone"],
        "device": person.browser["device"],
        "id": person.actor["id"] if person.is_program else None,
        "ipAddress": person.address,
        "geographicalContext": copy_of_place(person),
    }


def copy_of_place(person: Person) -> Event:
    """Where the person's network is, as a new ``geographicalContext``."""
    place = person.network["geographicalContext"]
    return {**place, "geolocation": dict(place["geolocation"])}


def new_authentication_context(person: Person | None, moment: str) -> Event:
    """Okta's ``authenticationContext``; a session ends with the day."""
    if person is None:
        context: Event = dict.fromkeys(("authenticationProvider", "credentialProvider", "credentialType", "issuer"))
        return {**context, "authenticationStep": 0, "externalSessionId": "unknown"}
    context = {key: value for key, value in person.authentication.items() if key != "factor"}
    context["authenticationStep"] = person.number % 2
    context["externalSessionId"] = session = person.session + moment[8:10]
    if person.number % 3:
        context["rootSessionId"] = session
    else:
        context["issuer"] = {"id": f"https://idp.example.com/{person.number}", "type": "SAML 2.0"}
    return context


def new_security_context(rng: Random, person: Person | None) -> Event:
    """Okta's ``securityContext``, now and then with what its risk engine found."""
    if person is None:
        return dict.fromkeys(("asNumber", "asOrg", "isp", "domain", "isProxy"))
    context: Event = {**person.network["securityContext"], "userBehaviors": None}
    if rng.random() < 0.2:
        context["userBehaviors"] = [
            {"id": f"bha{name.replace(' ', '')[-4:]}", "name": name, "result": pick(rng, ("POSITIVE", "NEGATIVE"))}
            for name in {pick(rng, BEHAVIORS): None, pick(rng, BEHAVIORS): None}
        ]
        context["risk"] = {"level": pick(rng, ("LOW", "MEDIUM", "HIGH")), "reasons": ["Anomalous location"]}
    return context


def new_debug_data(rng: Random, person: Person | None, story: Story, event_type: str) -> Event:
    """Okta's ``debugContext.debugData``: texts only, and which ones depends on who acted."""
    uri = f"/api/v1/{event_type.replace('.', '/')}"
    data = {"requestId": token(rng, "", 27), "requestUri": uri}
    if ".command." in event_type:
        data["commandType"] = story.command
    if person is None:
        return data
    if person.number % 2:
        data |= {"url": f"{uri}?", "dtHash": digest(rng, 64)}
    data["threatSuspected"] = "true" if rng.random() < 0.06 else "false"
    if person.is_program:
        granted = pick(rng, SCOPES)
        return data | {"grantType": "client_credentials", "requestedScopes": SCOPES[0], "grantedScopes": granted}
    data["deviceFingerprint"] = digest(rng, 32)
    if person.authentication["factor"]:
        data["factor"] = person.authentication["factor"]
    if rng.random() < 0.2:
        found = ", ".join(f"{name}={pick(rng, ('NEGATIVE', 'POSITIVE'))}" for name in BEHAVIORS)
        data |= {"behaviors": f"{{{found}}}", "risk": f"{{level={pick(rng, ('LOW', 'MEDIUM'))}}}"}
    return data


def new_ip_chain(rng: Random, person: Person, varied: bool) -> list[Event]:
    """Okta's ``request.ipChain``: the client's address, and those of up to two proxies after it."""
    chain: list[Event] = [{"ip": person.address, "geographicalContext": copy_of_place(person), "source": None}]
    for hop in range(1, 1 + int(rng.random() ** 3 * 3)):
        address = varied_address(person.number, hop) if varied else pick(rng, PROXIES[hop - 1])
        chain.append({"ip": address, "geographicalContext": None, "source": "proxy"})
    for link in chain:
        link["version"] = "V6" if ":" in link["ip"] else "V4"
    return chain


def new_targets(rng: Random, story: Story, kind: str, changed: bool) -> list[Event]:
    """Okta's ``target``, in any order: the device, its owner, and whom or what the command was meant for."""
    app = {**pick(rng, COMPANY["apps"]), "type": "AppInstance", "detailEntry": {"signOnModeType": "SAML_2_0"}}
    group = {**pick(rng, COMPANY["groups"]), "type": "UserGroup", "detailEntry": None}
    if kind == "streamDevicesCSVDownload":
        return [app, group]
    owner = story.device.owner.actor
    user = {**owner, "detailEntry": None}
    app_user = {**user, "id": f"0ua{owner['id'][3:]}", "type": "AppUser"}
    device = {**story.device.target, "detailEntry": dict(story.device.target["detailEntry"])}
    if changed and kind == "createEnrollment":
        device["changeDetails"] = {"from": {"status": "PENDING"}, "to": {"status": "ENROLLED", "managed": True}}
    elif changed and kind == "acknowledged":
        device["changeDetails"] = {"from": {"command": "SENT"}, "to": {"command": "ACKNOWLEDGED"}}
    chances = ((user, 0.3), (app, 0.12), (group, 0.12), (app_user, 0.12))
    targets = [device, *(target for target, chance in chances if rng.random() < chance)]
    return sorted(targets, key=lambda _: rng.random())


def leave_out(rng: Random, event: Event, index: int) -> None:
    """Makes null, or takes away, one thing of most events as a whole, and a value inside an object of every second."""
    place = index % EVENTS_OF_GAP
    if place < len(GAPS):
        blank(event, GAPS[place], null=index // EVENTS_OF_GAP % 2 == 0)
    if rng.random() < 0.5:
        return
    key, inside = pick(rng, OBJECTS), event
    while value := inside.get(key):
        element = pick(rng, value) if isinstance(value, list) else value
        if not isinstance(element, dict):
            break
        key, inside = pick(rng, list(element)), element
    if inside is not event:
        blank(inside, key, null=rng.random() < 0.5)


def blank(holder: Event, key: str, null: bool) -> None:
    """Makes a value null or takes its key away."""
    if null:
        holder[key] = None
    else:
        del holder[key]


# --- output ---------------------------------------------------------------------------------------------------------


def events(count: int = DEFAULT_COUNT, seed: int = 1, varied: bool = False) -> Iterator[Event]:
    """So many LogEvents, in the order of ``published``; none shares an object with another.

    With ``varied``, no event has a user, an address, a city, a browser, a network or a session of another.
    """
    rng = Random(seed)
    for index, (story, step) in zip(range(count), told(rng, varied), strict=False):
        moment = published((index + rng.random()) / count)
        event = log_event(rng, moment, story, story.steps[step], varied)
        leave_out(rng, event, index)
        yield event


def lines(count: int = DEFAULT_COUNT, seed: int = 1, varied: bool = False) -> Iterator[bytes]:
    r"""The same events as NDJSON; one line of 16 writes letters beyond ASCII as ``\u`` escapes."""
    for index, event in enumerate(events(count, seed, varied)):
        encoder = ESCAPING if index % 16 == 15 else COMPACT
        yield encoder.encode(event).encode() + b"\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Write realistic mim.* events of Okta's System Log as NDJSON.")
    parser.add_argument("--count", type=int, default=DEFAULT_COUNT, help="how many events (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other events (default: %(default)s)")
    parser.add_argument("--varied", action="store_true", help="no user, address, city or browser comes twice")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write (default: standard output)")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        output = stack.enter_context(arguments.output.open("wb")) if arguments.output else sys.stdout.buffer
        output.writelines(lines(arguments.count, arguments.seed, arguments.varied))


if __name__ == "__main__":
    main()
