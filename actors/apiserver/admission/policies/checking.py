"""What the leader tells of validating policies: whether their expressions fit the kinds they are
about.

Job: ``status.typeChecking`` of every policy whose spec has changed since it was last written.
Level-triggered: it looks at all policies whenever one changed. Must not know: how types are
checked.
"""

from collections.abc import Callable
from dataclasses import dataclass

from actors.apiserver.admission.matching import GROUP
from actors.apiserver.admission.policies.records import Policy
from actors.apiserver.call import Call, WriteOptions
from actors.apiserver.custom.establishing import MANAGER, MYSELF
from actors.apiserver.environment import Environment
from actors.apiserver.patience import unhurried
from actors.apiserver.writer import Writer
from cluster.api.kinds import Kind, by_resource
from cluster.api.policies.haste import check_patience
from cluster.api.policies.schema_types import built_in, custom
from cluster.api.policies.type_checking import KINDS_MAX, Typed, resources_of, warnings_of
from cluster.api.schema import OBJECT_META
from cluster.api.types import Object
from cluster.cel.types import DYN, Type
from cluster.errors import StatusError
from cluster.messages.apiserver import ApiRequest

_KIND = by_resource(GROUP, "v1", "validatingadmissionpolicies")


@dataclass
class TypeChecking:
    """``leading``: whether this replica leads now."""

    environment: Environment
    writer: Writer
    leading: Callable[[], bool]

    async def run(self) -> None:
        """Until this replica leads no more. Raises StatusError."""
        known = self.environment.policies.validating
        while self.leading():
            changed = known.changed
            for policy in list(known.policies.found.values()):
                if policy.observed < policy.generation:
                    await self._tell(policy)
            await changed.wait()

    async def _tell(self, policy: Policy) -> None:
        warnings = await unhurried(lambda units: self._warnings(policy, units))
        checked: Object = {"expressionWarnings": warnings} if warnings else {}

        def revise(live: Object) -> Object:
            if live["metadata"].get("uid") != policy.uid or live.get("spec") != policy.spec:
                return live
            told = {"observedGeneration": policy.generation, "typeChecking": checked}
            return {**live, "status": {**(live.get("status") or {}), **told}}

        assert _KIND is not None
        request = ApiRequest("update", _KIND.plural, GROUP, name=policy.name)
        options = WriteOptions(manager=MANAGER)
        call = Call(request, _KIND, MYSELF, options, self.environment.clock.now())
        try:
            await self.writer.modify(call, revise, "status")
        except StatusError as error:
            if error.code != 404:
                raise

    def _warnings(self, policy: Policy, patience: int | None) -> list[Object]:
        table = self.environment.kinds.table
        found = [table.by_resource(*resource) for resource in resources_of(policy.spec)]
        check_patience(policy.spec, patience, min(len(found), KINDS_MAX))
        kinds = [Typed(_called(kind), self._type(kind)) for kind in found if kind is not None]
        params: Type = DYN
        if policy.param_kind is not None:
            group, _, version = policy.param_kind[0].rpartition("/")
            kind = table.by_kind(group, version, policy.param_kind[1])
            params = DYN if kind is None else self._type(kind)
        return warnings_of(policy.spec, sorted(kinds), params)

    def _type(self, kind: Kind) -> Type:
        definitions = self.writer.definitions
        if kind.custom is None:
            return built_in(definitions.schema_for(kind.definition), kind.kind)
        metadata = definitions.schema_for(OBJECT_META)
        return custom(kind.custom.schema.schema, metadata, kind.kind)


def _called(kind: Kind) -> str:
    return f"{kind.group}/{kind.version}, Kind={kind.kind}"
