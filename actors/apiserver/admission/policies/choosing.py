"""Whether a policy, or a binding, is about a request.

Source: API reference, MatchResources: exclusion goes before inclusion. Must not know: expressions.
"""

from actors.apiserver.admission import matching
from actors.apiserver.admission.policies.records import Constraints
from actors.apiserver.admission.shown import in_chosen_namespace
from actors.apiserver.admission.subject import Subject
from cluster.api.kinds import Kind


async def chosen(constraints: Constraints, subject: Subject) -> Kind | None:
    """The kind in whose form the request is about them; None if it is not."""
    review, asked = subject.review, subject.asked
    table = review.environment.kinds.table
    if constraints.rules:
        kind = matching.matched(constraints.rules, constraints.exact, asked, table)
        if kind is None:
            return None
    else:
        kind = asked.kind
    if matching.matched(constraints.excluded, constraints.exact, asked, table) is not None:
        return None
    if not matching.chosen_by_labels(constraints.objects, subject.obj, subject.old):
        return None
    if constraints.namespaces.everything:
        return kind
    return kind if await in_chosen_namespace(constraints.namespaces, review) else None


def namespace_of(subject: Subject) -> str:
    """The request's; of a namespace, its own name."""
    call = subject.review.call
    return subject.name if call.resource == ("", "namespaces") else call.namespace
