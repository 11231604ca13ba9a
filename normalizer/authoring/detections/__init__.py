"""Detection rules: which fields and values they use, and which of them a change of the mappings breaks.

Elastic's rules (TOML, exports), Kibana's saved objects and Sigma rules are read; their queries are parsed, and what
cannot be parsed is named.
"""

from normalizer.authoring.detections.broken import broken
from normalizer.authoring.detections.folder import read, read_rules
from normalizer.authoring.detections.model import Bound, Broken, DetectionRule, Gone, NotChecked, Use
from normalizer.authoring.detections.reading import Reading

__all__ = ["Bound", "Broken", "DetectionRule", "Gone", "NotChecked", "Reading", "Use", "broken", "read", "read_rules"]
