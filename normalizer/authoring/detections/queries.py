"""The query languages, each with what reads it. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from normalizer.authoring.detections import eql, esql, kql, lucene, trees
from normalizer.authoring.detections.trees import At, Found, Tree


def _of_tree(read: Callable[[str], Tree]) -> Callable[[str, At], Found]:
    return lambda query, at: trees.found(read(query), at)


LANGUAGES: Mapping[str, Callable[[str, At], Found]] = {
    "kuery": _of_tree(kql.read),
    "lucene": _of_tree(lucene.read),
    "eql": _of_tree(eql.read),
    "esql": esql.found,
}
"""What Elastic calls a language, and what finds the uses in a query of it; each raises NotUnderstood."""
