"""Plan ▶ Python functions: `generate` writes the source, `picks` its look-ups, `values` its values, `compile` binds it.

At run time `library` serves the functions, with the conversions of `convert`; `memory` holds what the quick way
remembers.
"""

from normalizer.backends.python.compile import Compiled, compile_plan
from normalizer.backends.python.library import Problems, report, what
from normalizer.backends.python.memory import Memory

__all__ = ["Compiled", "Memory", "Problems", "compile_plan", "report", "what"]
