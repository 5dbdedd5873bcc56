"""How a ServiceAccount is named as a user. Source: docs "Authenticating", service account tokens.
Must not know tokens.
"""

_PREFIX = "system:serviceaccount:"
GROUP_ACCOUNTS = "system:serviceaccounts"


def service_account_user(namespace: str, name: str) -> str:
    """``system:serviceaccount:default:builder``."""
    return f"{_PREFIX}{namespace}:{name}"


def service_account_groups(namespace: str) -> tuple[str, ...]:
    """The groups of every account of a namespace (``system:authenticated`` is for the caller)."""
    return (GROUP_ACCOUNTS, f"{GROUP_ACCOUNTS}:{namespace}")


def split_service_account(user: str) -> tuple[str, str] | None:
    """(namespace, name); None for a user that is no ServiceAccount."""
    if not user.startswith(_PREFIX):
        return None
    namespace, sep, name = user.removeprefix(_PREFIX).partition(":")
    return (namespace, name) if sep and namespace and name and ":" not in name else None
