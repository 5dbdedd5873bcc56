"""What an API server proves itself and judges others with: certificates, keys, tokens.

Job: one record that the composition root fills from files. Must not know: where the files lie
beyond the two paths that TLS insists on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cluster import names
from cluster.api.audit_policy import AuditPolicy
from cluster.api.authentication_configuration import AuthenticationConfiguration
from cluster.api.encryption_configuration import EncryptionConfiguration
from cluster.security.server_credentials import ServerCredentials

ISSUER = f"https://kubernetes.default.svc.{names.CLUSTER_DOMAIN}"


@dataclass(frozen=True)
class StaticToken:
    """Who a static bearer token speaks for."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Authority:
    """``ca_certificate``: PEM of the cluster CA that client certificates must chain to.

    ``serving_certificate``/``serving_key``: paths of PEM files (empty: no HTTP door).
    ``service_account_key``: PEM of the EC private key that signs ServiceAccount tokens; also the
    root of the key that authenticates continue tokens, so it is the same on every replica.
    ``encryption``: what is encrypted at rest, and how. ``authentication``: other issuers of tokens,
    and whether the unknown are let in. ``audit_policy``: what is written into files
    below ``audit_folder``, None: nothing. ``front_proxy_ca``: PEM of the CA that signed the client
    certificate shown to other API servers (b"": none are asked), which lies in the files
    ``front_proxy_certificate`` and ``front_proxy_key``. ``mutating`` and ``validating``: what is
    shown to the webhooks of either kind.
    """

    ca_certificate: bytes
    service_account_key: bytes
    serving_certificate: str = ""
    serving_key: str = ""
    static_tokens: Mapping[str, StaticToken] = field(default_factory=dict)
    issuer: str = ISSUER
    encryption: EncryptionConfiguration = field(default_factory=EncryptionConfiguration)
    authentication: AuthenticationConfiguration = field(default_factory=AuthenticationConfiguration)
    audit_policy: AuditPolicy | None = None
    audit_folder: str = ""
    front_proxy_ca: bytes = b""
    front_proxy_certificate: str = ""
    front_proxy_key: str = ""
    mutating: ServerCredentials = field(default_factory=ServerCredentials)
    validating: ServerCredentials = field(default_factory=ServerCredentials)
