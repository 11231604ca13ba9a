"""The golden cases of the shipped mappings; `normalizer.authoring.golden` says what a case is."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).resolve().parent

SHIPPED = frozenset(
    {
        *(f"mim.command.generic.{end}" for end in ("acknowledged", "cancelled", "delegated", "error", "new", "notnow")),
        *(f"mim.command.ios.{end}" for end in ("acknowledged", "cancelled", "error", "formaterror", "new")),
        *(f"mim.createEnrollment.{platform}" for platform in ("ANDROID", "IOS", "OSX", "UNKNOWN", "WINDOWS")),
        "mim.streamDevicesCSVDownload",
    }
)
"""The event types that have a mapping of their own from the start. More may come, and need one case each."""
