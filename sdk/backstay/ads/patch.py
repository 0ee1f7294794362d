"""What is changed: a field that is not given stays as it is, None clears it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, model_validator

from backstay.ads.parts import Bid, Budget, Creative, Schedule, Targeting
from backstay.ads.spec import Name, check_bid, check_budget, check_schedule, check_targeting
from backstay.errors import InvalidRequestError
from backstay.spec import Spec
from backstay.values import EMPTY, UNSET, Extra, Unset


def _checked(check: Any) -> AfterValidator:
    return AfterValidator(lambda value: value if value is UNSET or value is None else check(value))


class Patch(Spec):
    """The base of patches. Values are absolute, so sending one twice does no harm."""

    extra: Extra = EMPTY
    """The vendor's own fields to change."""

    @property
    def changes(self) -> Mapping[str, Any]:
        """The fields that are given, by name, without `extra`."""
        return {name: value for name, value in self.__dict__.items() if value is not UNSET and name != "extra"}

    @model_validator(mode="after")
    def _changes_something(self) -> Patch:
        if not self.changes and not self.extra:
            raise InvalidRequestError(
                "the patch changes nothing", field="patch", value=repr(self), hint="give at least one field"
            )
        return self


class CampaignPatch(Patch):
    """Changes of a campaign; status and budget alone have `set_status` and `set_budget`."""

    name: Name | Unset = UNSET
    budget: Annotated[Budget | Unset, _checked(check_budget)] = UNSET
    bid: Annotated[Bid | Unset | None, _checked(check_bid)] = UNSET
    schedule: Annotated[Schedule | Unset | None, _checked(check_schedule)] = UNSET


class AdGroupPatch(Patch):
    """Changes of an ad group; targeting is replaced as a whole."""

    name: Name | Unset = UNSET
    budget: Annotated[Budget | Unset, _checked(check_budget)] = UNSET
    bid: Annotated[Bid | Unset | None, _checked(check_bid)] = UNSET
    schedule: Annotated[Schedule | Unset | None, _checked(check_schedule)] = UNSET
    targeting: Annotated[Targeting | Unset | None, _checked(check_targeting)] = UNSET


class AdPatch(Patch):
    """Changes of an ad; a new creative goes through review again."""

    name: Name | Unset = UNSET
    creative: Creative | Unset = UNSET
