"""JSON schemas: what is checked, what is refused, and that both agree with pydantic's own schemas."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from backstay.content.jsonschema import check_schema, faults
from backstay.errors import InvalidRequestError

TREE = {"$ref": "#/$defs/Node", "$defs": {"Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}}}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string"}, "x", 1),
        ({"type": "integer"}, 1.0, 1.5),
        ({"type": "integer"}, 1, True),
        ({"type": "number"}, 1.5, "1"),
        ({"type": "boolean"}, True, 1),
        ({"type": "null"}, None, 0),
        ({"type": ["string", "null"]}, None, 1),
        ({"type": "array", "items": {"type": "integer"}}, [1], ["x"]),
        ({"type": "object"}, {}, []),
        ({"enum": ["a", 1]}, 1, True),
        ({"const": 0}, 0, False),
        ({"properties": {"a": {"type": "integer"}}}, {"a": 1}, {"a": "1"}),
        ({"required": ["a"]}, {"a": None}, {}),
        ({"properties": {"a": {}}, "additionalProperties": False}, {"a": 1}, {"a": 1, "b": 2}),
        ({"additionalProperties": {"type": "integer"}}, {"a": 1}, {"a": "x"}),
        ({"patternProperties": {"^n_": {"type": "integer"}}, "additionalProperties": False}, {"n_a": 1}, {"n_a": "x"}),
        ({"propertyNames": {"maxLength": 2}}, {"ab": 1}, {"abc": 1}),
        ({"minProperties": 1, "maxProperties": 2}, {"a": 1}, {}),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "integer"}}, ["a", 1], [1, 1]),
        ({"prefixItems": [{"type": "string"}], "items": False}, ["a"], ["a", 1]),
        ({"minItems": 1, "maxItems": 2}, [1], [1, 2, 3]),
        ({"uniqueItems": True}, [1, True], [{"a": 1}, {"a": 1}]),
        ({"minLength": 2, "maxLength": 3}, "ab", "a"),
        ({"pattern": "^a"}, "ab", "ba"),
        ({"minimum": 1, "maximum": 2}, 2, 3),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 3}, 2, 1),
        ({"multipleOf": 5}, 10, 11),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, None, 1),
        ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, 1, 3),
        ({"allOf": [{"type": "integer"}, {"minimum": 2}]}, 2, 1),
        ({"not": {"type": "string"}}, 1, "x"),
        (TREE, {"next": {"next": {}}}, {"next": {"next": 1}}),
    ],
)
def test_each_keyword(schema: dict[str, Any], good: Any, bad: Any) -> None:
    """What fits has no fault, and what does not names its place."""
    check_schema(schema)
    assert faults(good, schema) == ()
    found = faults(bad, schema)
    assert found
    assert found[0].startswith("$")


def test_faults_name_their_place() -> None:
    """A person can find what is wrong."""
    schema = {"type": "object", "properties": {"slides": {"type": "array", "items": {"required": ["title"]}}}}
    assert faults({"slides": [{"title": "a"}, {}]}, schema) == ("$.slides[1].title: missing",)


@pytest.mark.parametrize(
    ("schema", "field"),
    [
        ({"unevaluatedProperties": False}, "json_schema.unevaluatedProperties"),
        ({"properties": {"a": {"if": {}}}}, "json_schema.properties.a.if"),
        ({"type": "text"}, "json_schema.type"),
        ({"$ref": "#/$defs/Nobody"}, "json_schema.$ref"),
        ({"$ref": "https://example.com/schema.json"}, "json_schema.$ref"),
        ({"pattern": "("}, "json_schema.pattern"),
        ({"items": [1]}, "json_schema.items"),
        ({"anyOf": [{"typo": 1}]}, "json_schema.anyOf[0].typo"),
    ],
)
def test_what_would_not_be_checked_is_refused(schema: dict[str, Any], field: str) -> None:
    """By its place, with the cure: a check that is silently left out is worse than none."""
    with pytest.raises(InvalidRequestError) as caught:
        check_schema(schema)
    assert caught.value.field == field
    assert caught.value.hint


def test_a_schema_that_refers_to_itself_for_ever_ends() -> None:
    """A loop without a step is a fault, not a hang."""
    schema = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}
    check_schema(schema)
    assert faults(1, schema) == ("$: nested too deeply",)


def test_a_schema_without_end_is_refused() -> None:
    """Nesting is bounded when the request is made."""
    deep: dict[str, Any] = {}
    for _ in range(200):
        deep = {"items": deep}
    with pytest.raises(InvalidRequestError):
        check_schema(deep)


class Slide(BaseModel):
    title: str = Field(min_length=1, max_length=20)
    kind: Literal["hook", "body", "call"] = "body"
    points: list[int] = Field(default_factory=list, max_length=3)
    after: Slide | None = None


def test_pydantics_own_schemas_can_be_used() -> None:
    """A model's JSON schema is understood whole, its recursion included."""
    schema = Slide.model_json_schema()
    check_schema(schema)
    good = Slide(title="a", after=Slide(title="b", kind="hook"))
    assert faults(json.loads(good.model_dump_json()), schema) == ()
    assert faults({"title": "", "kind": "x", "after": {"title": 1}}, schema)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_value_breaks_the_check(value: Any) -> None:
    """Whatever a model writes, the check ends with faults or none."""
    schema = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}, "required": ["a"]}
    assert isinstance(faults(value, schema), tuple)
