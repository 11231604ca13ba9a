"""The mapping language: YAML with positions ▶ Mapping ▶ Plan.

`load(folder)` is the way in; everything behind it (reader, model, paths, conversions, resolve) serves it.
"""

from normalizer.language.load import Mappings, load
from normalizer.language.plan import Constant, Destination, Each, Origin, Plan, Rule, Value

__all__ = ["Constant", "Destination", "Each", "Mappings", "Origin", "Plan", "Rule", "Value", "load"]
