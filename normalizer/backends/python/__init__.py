"""Plan ▶ Python functions: `generate` writes the source, `picks` its look-ups, `values` its values,
`compile` binds it, `library` serves it."""

from normalizer.backends.python.compile import Compiled, compile_plan
from normalizer.backends.python.library import Memory, Problems, report, what

__all__ = ["Compiled", "Memory", "Problems", "compile_plan", "report", "what"]
