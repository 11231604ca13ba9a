"""The mapping language: YAML with positions ▶ Mapping ▶ Plan.

`load(folder)` is the way in; what stands behind it, in the order of the work: reader (with syntax), shapes, model,
check (with event_facts, literals, tables, fields), resolve, plan.
"""

from normalizer.language.load import Mappings, load
from normalizer.language.plan import Constant, Destination, Each, Origin, Plan, Rule, Value

__all__ = ["Constant", "Destination", "Each", "Mappings", "Origin", "Plan", "Rule", "Value", "load"]
