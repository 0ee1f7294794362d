"""The arms on their platforms: created under keys of the test, activated together, paused when they lose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backstay.ads import AdPlatform, BuiltTree, CampaignTree, ConfiguredStatus, Created, Platform, Ref
from backstay.errors import BackstayError, InvalidRequestError
from backstay.services.ab_test.plan import AbPlan
from backstay.services.ab_test.words import Design
from backstay.writes.tree import activate_tree

Arm = CampaignTree | Ref
"""A tree to create, or a campaign, ad group or ad that is there already and runs."""


class Arms:
    """Names, what they are made of, and where."""

    def __init__(self, plan: AbPlan, arms: Mapping[str, Arm], on: AdPlatform | Mapping[str, AdPlatform]) -> None:
        plan.check_arms(tuple(arms))
        self.plan = plan
        self.what = dict(arms)
        self.on: dict[str, AdPlatform] = _platforms(arms, on)
        for name, arm in self.what.items():
            if isinstance(arm, Ref) and not self.on[name].owns(arm):
                raise InvalidRequestError(
                    f"the platform of {name} does not own {arm}", field=f"arms.{name}", value=str(arm),
                    hint="pass the adapter of that account with `on`",
                )  # fmt: skip
        if plan.design is Design.RANDOMISED_PLATFORM_SPLIT and not all(isinstance(arm, Ref) for arm in arms.values()):
            raise InvalidRequestError(
                "campaigns side by side do not split users", field="plan.design", value=plan.design.value,
                hint="set up the platform's own split test and pass its arms as refs, or use observational_arms",
            )  # fmt: skip

    def key(self, name: str) -> str:
        """The idempotency key of an arm's tree: the same in every process."""
        return f"ab/{self.plan.id}/{name}"

    async def build(self, name: str, *, dry_run: bool = False) -> Created[BuiltTree] | None:
        """Create an arm, paused; called again it gives the same one. None for an arm that is there already."""
        what = self.what[name]
        if isinstance(what, Ref):
            return None
        return await self.on[name].create_tree(what, idempotency_key=self.key(name), dry_run=dry_run)

    async def activate(self, name: str, tree: BuiltTree) -> None:
        """Switch an arm on, leaves first; the spend guard has its say."""
        await activate_tree(self.on[name], tree)

    async def pause(self, name: str, ref: Ref) -> None:
        """Switch an arm off; always allowed, and harmless to repeat."""
        await self.on[name].set_status(ref, ConfiguredStatus.PAUSED)

    async def pause_all(self, refs: Mapping[str, Ref]) -> None:
        """Switch all off, whatever fails; raises the first error after the last try."""
        errors: list[BackstayError] = []
        for name, ref in refs.items():
            try:
                await self.pause(name, ref)
            except BackstayError as error:
                errors.append(error)
        if errors:
            raise errors[0]

    def by_platform(self, refs: Mapping[str, Ref]) -> list[tuple[AdPlatform, Sequence[Ref]]]:
        """The refs by the platform that has them."""
        found: dict[int, tuple[AdPlatform, list[Ref]]] = {}
        for name, ref in refs.items():
            found.setdefault(id(self.on[name]), (self.on[name], []))[1].append(ref)
        return list(found.values())

    def check_places(self, refs: Mapping[str, Ref]) -> None:
        """Refuse arms that a split has put on several platforms, before anything is active."""
        places: set[Platform] = {ref.platform for ref in refs.values()}
        if len(places) > 1 and self.plan.design is not Design.CROSS_PLATFORM:
            raise InvalidRequestError(
                f"the arms are on {' and '.join(sorted(places))}", field="plan.design", value=self.plan.design.value,
                rule="ab_test.places",
                hint="use design cross_platform with metric cpa, or send all arms to one platform",
            )  # fmt: skip


def _platforms(arms: Mapping[str, Arm], on: AdPlatform | Mapping[str, AdPlatform]) -> dict[str, AdPlatform]:
    if not isinstance(on, Mapping):
        return dict.fromkeys(arms, on)
    for name in arms:
        if name not in on:
            raise InvalidRequestError(
                f"no platform is given for {name}", field="on", value=", ".join(on), hint="name one for each arm"
            )
    return {name: on[name] for name in arms}
