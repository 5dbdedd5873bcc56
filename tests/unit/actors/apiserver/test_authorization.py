"""Authorization while the policy is not known yet: nobody is told no who may be allowed."""

from types import SimpleNamespace
from typing import Any

import pytest

from actors.apiserver.authorization import Authorization
from actors.apiserver.call import Caller
from actors.apiserver.policy_cache import PolicyCache
from cluster import names
from cluster.errors import StatusError


async def test_a_replica_that_has_not_read_the_policy_asks_to_try_again() -> None:
    environment: Any = SimpleNamespace(policy=PolicyCache())
    authorization = Authorization(environment)
    eve = Caller("eve")
    with pytest.raises(StatusError) as refused:
        await authorization.check_path("GET", "/metrics", eve)
    assert refused.value.code == 503
    await authorization.check_path("GET", "/metrics", Caller("admin", (names.GROUP_MASTERS,)))
    environment.policy.reset(())
    with pytest.raises(StatusError) as refused:
        await authorization.check_path("GET", "/metrics", eve)
    assert refused.value.code == 403
