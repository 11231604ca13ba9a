"""Events that want to break whatever shows them."""

from __future__ import annotations

from typing import Any

SCRIPT = "</script></style></title><script>window.hacked = 1</script>"
ATTRIBUTE = '"\'><img src=x onerror="window.hacked = 1"><a href=https://example.com/x>'
TURNED = "\u202egnp.exe\u2066 \u200b\u00ad\x07\x1b[31m\u2028\U000e0041 עברית 😀"


def event() -> dict[str, Any]:
    """An event whose keys and values hold such texts, in what is mapped and in what is not."""
    return {
        "uuid": "a\"'><img/src=x>",
        "eventType": "mim.command.ios.new",
        "published": "2026-09-14T06:00:00.123Z",
        "displayMessage": SCRIPT,
        "outcome": {"result": "SUCCESS", "reason": TURNED},
        "client": {"ipAddress": ATTRIBUTE},
        "actor": {"id": ATTRIBUTE, "displayName": TURNED, "type": "User", "alternateId": "x" * 500},
        "debugContext": {"debugData": {SCRIPT: ATTRIBUTE, TURNED: [SCRIPT, {ATTRIBUTE: TURNED}]}},
        "target": [{"type": "Device", "id": SCRIPT}, {"type": TURNED, "id": ATTRIBUTE}],
        SCRIPT: {ATTRIBUTE: TURNED},
        TURNED: ["&lt;b&gt;", "&#x202e;", "%3Cscript%3E", None, [], {}],
    }
