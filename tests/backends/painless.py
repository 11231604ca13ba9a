"""Painless as Elasticsearch 8.19, 9 and OpenSearch 3 all have it: an allow-list, and what in a script is not on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

METHODS = {
    "BigInteger": "doubleValue/0",
    "Collection": "add/1 addAll/1 contains/1 isEmpty/0 size/0",
    "List": "get/1 remove/1",
    "LocalDateTime": "format/1 plusMinutes/1",
    "Map": "containsKey/1 entrySet/0 get/1 isEmpty/0 keySet/0 put/2 putAll/1 remove/1 size/0 values/0",
    "Map.Entry": "getKey/0 getValue/0",
    "Number": "doubleValue/0 intValue/0 longValue/0",
    "Object": "equals/1 hashCode/0 toString/0",
    "Set": "remove/1",
    "String": "charAt/1 contains/1 endsWith/1 indexOf/1 indexOf/2 isEmpty/0 length/0 replace/2 startsWith/1 "
    "substring/1 substring/2 trim/0",
    "StringBuilder": "append/1 length/0",
}
"""Methods with their numbers of arguments, by the class that has them; those of parents stand there.

Every entry here and below stands in the Painless API Reference of Elasticsearch 8.19 and 9 (in the shared API;
`Processors` in that of ingest), and a test asks OpenSearch for it. Variables of scripts are typed, so a server refuses
a method of another class when it stores the pipeline: here, only a method's name and number of arguments count.
"""
STATIC = {
    "Collections": "emptyList/0 emptyMap/0",
    "Integer": "parseInt/1 toHexString/1",
    "LocalDateTime": "parse/1",
    "Long": "parseLong/1",
    "Math": "max/2 min/2",
    "Processors": "json/1",
    "String": "valueOf/1",
}
"""Methods that are called on the class."""
CONSTANTS = {
    "Boolean": "FALSE TRUE",
    "DateTimeFormatter": "ISO_LOCAL_DATE_TIME",
    "Integer": "MAX_VALUE MIN_VALUE",
    "Long": "MAX_VALUE MIN_VALUE",
}
CONSTRUCTORS = {
    "ArrayList": "0 1",
    "HashMap": "0 1",
    "HashSet": "0 1",
    "LinkedHashMap": "0 1",
    "LinkedHashSet": "0 1",
    "StringBuilder": "0",
    "TreeMap": "0",
    "TreeSet": "0",
}
"""Numbers of arguments. Trees have no constructor that copies."""
ARRAYS = frozenset({"Object"})
"""Types of arrays that are made."""
TYPES = {
    *(METHODS | STATIC | CONSTANTS | CONSTRUCTORS),
    *("Double", "Exception", "Float", "NumberFormatException"),
}
PRIMITIVES = frozenset({"boolean", "char", "double", "int", "long", "void"})
WORDS = frozenset(
    {"break", "catch", "continue", "else", "false", "for", "if", "instanceof", "new", "null", "return", "true", "try"}
    | {"while"}
)
"""Keywords. Not there: `def`, which is several times slower, and what only one of the engines knows."""
MARKS = frozenset(
    "( ) [ ] { } . ?. , ; : ? = == != < <= > >= + - * / % ! && || ++ -- += -=".split()  # noqa: SIM905
)
"""Operators. Not there: those of regular expressions, of lambdas and of references to methods."""

_TOKEN = re.compile(
    r"""(?P<blank>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>'(?:[^'\\]|\\[\\'])*'|"(?:[^"\\]|\\[\\"])*")
    |(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?[LlDdFf]?\b)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<mark>==~|=~|===|!==|\?\.|\?:|->|::|&&|\|\||\+\+|--|[=!<>+*/%&|^-]=|<<|>>|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a script that is neither blank nor a comment."""

    kind: str
    text: str
    line: int

    @property
    def value(self) -> bool:
        """Whether a value ends here, so that a `/` that follows divides."""
        return self.text in (")", "]") or self.kind in ("text", "number") or (self.kind == "name" and not self.word)

    @property
    def word(self) -> bool:
        """Whether it is a keyword."""
        return self.text in WORDS

    @property
    def type(self) -> bool:
        """Whether it is written as the name of a type is."""
        return self.kind == "name" and (self.text in PRIMITIVES or self.text[0].isupper())


_NONE = Token("", "", 0)


def tokens(source: str) -> list[Token]:
    """A script taken apart."""
    found, line = [], 1
    for match in _TOKEN.finditer(source):
        if match.lastgroup != "blank":
            found.append(Token(str(match.lastgroup), match.group(), line))
        line += match.group().count("\n")
    return found


def problems(source: str, *, condition: bool = False) -> list[str]:
    """What in a script not all engines have, or what is not known of all. Keys of `ctx` by dots: in conditions only."""
    script = Script(tokens(source), condition)
    return [f"line {token.line}: {what}" for token, what in script.problems()]


class Script:
    """The tokens of a script, with the functions and the variables that it declares."""

    def __init__(self, found: list[Token], condition: bool) -> None:
        self.tokens, self.condition = found, condition
        places = [self._after(at) for at, token in enumerate(found) if token.type]
        declared = [(at, self.at(at)) for at in places if self.at(at).kind == "name" and not self.at(at).word]
        self.functions = {name.text for at, name in declared if self.at(at + 1).text == "("}
        self.variables = {"ctx", "params"} | {name.text for at, name in declared if self.at(at + 1).text != "("}

    def at(self, index: int) -> Token:
        """The token, or an empty one beyond the ends."""
        return self.tokens[index] if 0 <= index < len(self.tokens) else _NONE

    def _after(self, index: int) -> int:
        """Where what follows a type stands; the type may be that of an array."""
        index += 1
        while (self.at(index).text, self.at(index + 1).text) == ("[", "]"):
            index += 2
        return index

    def problems(self) -> Iterator[tuple[Token, str]]:
        """What is on no list, with its place."""
        for index, token in enumerate(self.tokens):
            what = ""
            if token.kind == "name":
                what = self._name(index, token)
            elif token.kind == "mark" and token.text not in MARKS:
                what = f"the operator {token.text}"
            elif token.text == "/" and not self.at(index - 1).value:
                what = "a regular expression"
            if what:
                yield token, what

    def _name(self, index: int, token: Token) -> str:
        before, after = self.at(index - 1).text, self.at(index + 1).text
        if before in (".", "?."):
            return self._member(index, token)
        if before == "new":
            return self._constructor(index, token)
        if after == "(" and not token.word:
            return "" if token.text in self.functions else f"{token.text}(…) is no function of the script"
        if token.type:
            return "" if token.text in TYPES | PRIMITIVES else f"the type {token.text}"
        return "" if token.word or token.text in self.variables else f"the name {token.text}"

    def _member(self, index: int, token: Token) -> str:
        """What follows a dot: a method, a constant of a class, a key."""
        owner = self.at(index - 2)
        static = owner.type and owner.text not in PRIMITIVES
        if self.at(index + 1).text == "(":
            call = f"{token.text}/{self.arguments(index + 1)}"
            known = STATIC.get(owner.text, "") if static else " ".join(METHODS.values())
            return "" if call in known.split() else f"the method {f'{owner.text}.' if static else ''}{call}"
        if static:
            name = f"{owner.text}.{token.text}"
            constant = name in TYPES or token.text in CONSTANTS.get(owner.text, "").split()
            return "" if constant else f"the constant {name}"
        return "" if self.condition and self._root(index) == "ctx" else f"the field {token.text}"

    def _root(self, index: int) -> str:
        """The first name of a chain of names."""
        while self.at(index - 1).text in (".", "?.") and self.at(index - 2).kind == "name":
            index -= 2
        return self.at(index).text if self.at(index - 1).text not in (".", "?.") else ""

    def _constructor(self, index: int, token: Token) -> str:
        if self.at(index + 1).text != "(":
            return "" if token.text in ARRAYS else f"new {token.text}{self.at(index + 1).text}"
        count = self.arguments(index + 1)
        return "" if f"{count}" in CONSTRUCTORS.get(token.text, "").split() else f"new {token.text}/{count}"

    def arguments(self, index: int) -> int:
        """How many there are in the parentheses that open here."""
        if self.at(index + 1).text == ")":
            return 0
        depth, count = 0, 1
        for token in self.tokens[index:]:
            depth += (token.text in ("(", "[", "{")) - (token.text in (")", "]", "}"))
            count += token.text == "," and depth == 1
            if depth == 0:
                break
        return count


def probe() -> str:
    """A script that compiles only where everything on the lists exists. It is not meant to run."""
    lines = ["def a = null;"]
    for number, (name, calls) in enumerate(METHODS.items()):
        lines.append(f"{name} v{number} = null;")
        lines += [f"v{number}.{_call(call)};" for call in calls.split()]
    lines += [f"{name}.{_call(call)};" for name, calls in STATIC.items() for call in calls.split()]
    values = [f"{name}.{constant}" for name, known in CONSTANTS.items() for constant in known.split()]
    values += [f"new {name}({_arguments(int(n))})" for name, known in CONSTRUCTORS.items() for n in known.split()]
    values += [f"({name}) a" for name in sorted(TYPES) if name not in ("Collections", "Math", "Processors")]
    values += [each for name in ARRAYS for each in (f"new {name}[] {{a, a}}", f"new {name}[a]", f"(({name}[]) a)[0]")]
    values += [f"({name}) a" for name in sorted(PRIMITIVES - {"void"})]
    return "\n".join([*lines, *(f"def o{number} = {value};" for number, value in enumerate(values))])


def _call(call: str) -> str:
    name, _, count = call.partition("/")
    return f"{name}({_arguments(int(count))})"


def _arguments(count: int) -> str:
    return ", ".join(["a"] * count)
