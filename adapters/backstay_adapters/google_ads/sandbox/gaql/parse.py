"""A query's grammar: SELECT ... FROM ... WHERE ... AND ... ORDER BY ... LIMIT ... PARAMETERS ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from backstay_adapters.google_ads.sandbox.gaql.tokens import Token, tokens, wrong

_COMPARE: Final = frozenset({"=", "!=", ">", ">=", "<", "<="})
_CLAUSES: Final = frozenset({"SELECT", "FROM", "WHERE", "ORDER", "LIMIT", "PARAMETERS"})
_PARAMETERS: Final = frozenset({"include_drafts", "omit_unselected_resource_names"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of WHERE; all of them hold together, there is no OR."""

    field: str
    operator: str
    """In capitals: "=", "NOT IN", "CONTAINS ANY", "IS NOT NULL", ..."""
    values: tuple[Token, ...] = ()


@dataclass(slots=True)
class Query:
    """A query whose grammar is right; whether its fields exist is another question."""

    select: list[str]
    resource: str
    where: list[Condition] = field(default_factory=list)
    order: list[tuple[str, bool]] = field(default_factory=list)
    """Fields, and whether they go down."""
    limit: int | None = None
    parameters: dict[str, bool] = field(default_factory=dict)

    def fields(self) -> list[str]:
        """Every field that is named anywhere."""
        return [*self.select, *(each.field for each in self.where), *(name for name, _ in self.order)]


def parse(text: str) -> Query:
    """Read a query; raises the vendor's refusals."""
    return _Parser(tokens(text)).query()


class _Parser:
    def __init__(self, words: list[Token]) -> None:
        self._words = words
        self._at = 0

    def query(self) -> Query:
        if not self._take("SELECT"):
            raise self._wrong("EXPECTED_SELECT", "SELECT is missing at the beginning of the query.")
        select = self._fields()
        if not self._take("FROM"):
            self._unfinished()
            raise self._wrong("EXPECTED_FROM", "the FROM clause is missing.")
        made = Query(select, self._word("BAD_RESOURCE_TYPE_IN_FROM_CLAUSE", "a resource is expected after FROM."))
        if self._take("WHERE"):
            made.where = self._conditions()
        if self._take("ORDER"):
            made.order = self._order()
        if self._take("LIMIT"):
            made.limit = self._limit()
        if self._take("PARAMETERS"):
            made.parameters = self._parameters()
        if self._peek().kind != "end":
            raise self._wrong("UNEXPECTED_INPUT", f"unexpected input '{self._peek().text}'.")
        return made

    def _fields(self) -> list[str]:
        found = [self._word("BAD_FIELD_NAME", "a field is expected.")]
        while self._symbol(","):
            found.append(self._word("BAD_FIELD_NAME", "a field is expected."))
        return found

    def _conditions(self) -> list[Condition]:
        found = [self._condition()]
        while self._take("AND"):
            found.append(self._condition())
        if self._peek().is_word("OR"):
            raise self._wrong("UNEXPECTED_INPUT", "unexpected input 'OR'; conditions are joined by AND only.")
        return found

    def _condition(self) -> Condition:
        name = self._word("BAD_FIELD_NAME", "a field is expected.")
        operator = self._operator()
        if operator.startswith("IS"):
            return Condition(name, operator)
        if operator in {"IN", "NOT IN"} or operator.startswith("CONTAINS"):
            return Condition(name, operator, self._list())
        if operator == "BETWEEN":
            return Condition(name, operator, self._between())
        if self._peek().kind == "symbol" and self._peek().text == "(":
            raise self._wrong("EXPECTED_SINGLE_VALUE", f"{operator} expects a single value.")
        return Condition(name, operator, (self._value(),))

    def _operator(self) -> str:
        token = self._peek()
        if token.kind == "symbol" and token.text in _COMPARE:
            self._at += 1
            return token.text
        self._unfinished()
        words = [self._take_word().upper()]
        if words[0] in {"NOT", "CONTAINS"}:
            words.append(self._take_word().upper())
        elif words[0] == "IS":
            words.append(self._take_word().upper())
            words += [self._take_word().upper()] if words[1] == "NOT" else []
        name = " ".join(words)
        if name not in OPERATORS:
            raise wrong("BAD_OPERATOR", f"invalid operator '{token.text}'.", token.text)
        return name

    def _list(self) -> tuple[Token, ...]:
        if not self._symbol("("):
            self._unfinished()
            raise self._wrong("EXPECTED_LIST", "a list in parentheses is expected.")
        if self._symbol(")"):
            raise self._wrong("PROHIBITED_EMPTY_LIST_IN_CONDITION", "a condition has an empty list.")
        found = [self._value()]
        while self._symbol(","):
            found.append(self._value())
        if not self._symbol(")"):
            self._unfinished()
            raise self._wrong("UNEXPECTED_INPUT", f"unexpected input '{self._peek().text}'.")
        if len({token.kind for token in found}) > 1:
            raise self._wrong("PROHIBITED_VALUE_COMBINATION_IN_LIST", "a list contains values of different types.")
        return tuple(found)

    def _between(self) -> tuple[Token, ...]:
        if self._peek().is_word("AND") or self._peek().kind == "end":
            raise self._wrong("EXPECTED_VALUE_WITH_BETWEEN_OPERATOR", "BETWEEN expects two values.")
        low = self._value()
        if not self._take("AND"):
            raise self._wrong("EXPECTED_AND", "AND is expected between the values of BETWEEN.")
        if self._peek().kind == "end":
            raise self._wrong("EXPECTED_VALUE_WITH_BETWEEN_OPERATOR", "BETWEEN expects two values.")
        return low, self._value()

    def _value(self) -> Token:
        token = self._peek()
        self._unfinished()
        if token.kind == "symbol":
            raise self._wrong("BAD_VALUE", f"invalid value '{token.text}'.")
        self._at += 1
        return token

    def _order(self) -> list[tuple[str, bool]]:
        if not self._take("BY"):
            raise self._wrong("EXPECTED_BY", "BY is expected after ORDER.")
        found = [self._ordering()]
        while self._symbol(","):
            found.append(self._ordering())
        return found

    def _ordering(self) -> tuple[str, bool]:
        name = self._word("BAD_FIELD_NAME", "a field is expected.")
        if self._take("DESC"):
            return name, True
        self._take("ASC")
        return name, False

    def _limit(self) -> int:
        token = self._peek()
        self._unfinished()
        self._at += 1
        if token.kind != "number" or "." in token.text:
            raise wrong("BAD_LIMIT_VALUE", f"the limit '{token.text}' is invalid.", token.text)
        if int(token.text) < 1:
            raise wrong("LIMIT_VALUE_TOO_LOW", f"the limit {token.text} is too low.", token.text)
        return int(token.text)

    def _parameters(self) -> dict[str, bool]:
        found: dict[str, bool] = {}
        while True:
            name = self._word("BAD_PARAMETER_NAME", "a parameter is expected.")
            if name not in _PARAMETERS:
                raise wrong("BAD_PARAMETER_NAME", f"unknown parameter '{name}'.", name)
            if not self._symbol("="):
                raise self._wrong("BAD_OPERATOR", "= is expected after a parameter.")
            word = self._value().text.lower()
            if word not in {"true", "false"}:
                raise wrong("BAD_PARAMETER_VALUE", f"the parameter's value '{word}' is invalid.", word)
            found[name] = word == "true"
            if not self._symbol(","):
                return found

    def _peek(self) -> Token:
        return self._words[self._at]

    def _take(self, word: str) -> bool:
        found = self._peek().is_word(word)
        self._at += found
        return found

    def _symbol(self, symbol: str) -> bool:
        found = self._peek().kind == "symbol" and self._peek().text == symbol
        self._at += found
        return found

    def _word(self, member: str, text: str) -> str:
        self._unfinished()
        token = self._peek()
        if token.kind != "word" or token.text.upper() in _CLAUSES:
            raise self._wrong(member, text)
        self._at += 1
        return token.text

    def _take_word(self) -> str:
        self._unfinished()
        self._at += 1
        return self._words[self._at - 1].text

    def _unfinished(self) -> None:
        if self._peek().kind == "end":
            raise self._wrong("UNEXPECTED_END_OF_QUERY", "the query is incomplete.")

    def _wrong(self, member: str, text: str) -> Exception:
        return wrong(member, text, self._peek().text or None)


OPERATORS: Final = frozenset(
    {
        *_COMPARE, "IN", "NOT IN", "LIKE", "NOT LIKE", "REGEXP_MATCH", "NOT REGEXP_MATCH", "BETWEEN", "DURING",
        "CONTAINS ANY", "CONTAINS ALL", "CONTAINS NONE", "IS NULL", "IS NOT NULL",
    }
)  # fmt: skip
