"""The authority of simulated clusters: one fixed key, so that runs repeat.

The key is derived from a constant: it protects nothing.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from actors.apiserver.authority import Authority
from cluster.security import certificates


def simulated_authority() -> Authority:
    """No certificates are checked in simulation: the memory network says who a peer is."""
    key = ec.derive_private_key(0x5EED, ec.SECP256R1())
    return Authority(
        ca_certificate=b"simulated authority\n",
        service_account_key=certificates.key_pem(key),
    )
