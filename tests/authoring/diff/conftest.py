"""What the tests of the difference share."""

from tests.language.conftest import tmp_path

__all__ = ["tmp_path"]
