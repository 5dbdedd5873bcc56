"""The ciphers of values at rest: bytes to sealed bytes and back.

Job: one class for each provider that has keys. Must not know: the store, which value is under which
key. ``place`` is the value's key in the store: a cipher that can binds the value to it, so that
what was moved elsewhere does not open.

Source: docs "Encrypting Confidential Data at Rest", Providers; NIST SP 800-38D (GCM), 800-38A
(CBC); RFC 5652, 6.3 (padding).
"""

from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher as Blocks
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from actors.kit.world.entropy import Entropy
from cluster.api.encryption_configuration import Key

_NONCE_BYTES = 12
_BLOCK_BYTES = 16
_BLOCK_BITS = 8 * _BLOCK_BYTES


class Unopened(Exception):
    """The bytes are not what was sealed under this key."""


class Cipher(Protocol):
    """Of one key."""

    def seal(self, plain: bytes, place: bytes, entropy: Entropy) -> bytes:
        """Other bytes each time."""

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The inverse. Raises Unopened."""


def cipher_of(key: Key) -> Cipher:
    """The cipher of the key's provider."""
    return Gcm(key.secret) if key.provider == "aesgcm" else Cbc(key.secret)


class Gcm:
    """A nonce of 12 random bytes, the ciphertext and its tag; bound to the value's place."""

    def __init__(self, secret: bytes) -> None:
        self._aes = AESGCM(secret)

    def seal(self, plain: bytes, place: bytes, entropy: Entropy) -> bytes:
        """Other bytes each time."""
        nonce = entropy.token(_NONCE_BYTES)
        return nonce + self._aes.encrypt(nonce, plain, place)

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The inverse. Raises Unopened."""
        try:
            return self._aes.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
        except (InvalidTag, ValueError) as error:
            raise Unopened(type(error).__name__) from error


class Cbc:
    """A vector of 16 random bytes and the padded ciphertext. As in Kubernetes it has no tag: what
    was changed or moved in the store may open as something else."""

    def __init__(self, secret: bytes) -> None:
        self._aes = algorithms.AES(secret)

    def seal(self, plain: bytes, place: bytes, entropy: Entropy) -> bytes:
        """Other bytes each time."""
        vector = entropy.token(_BLOCK_BYTES)
        padder = padding.PKCS7(_BLOCK_BITS).padder()
        padded = padder.update(plain) + padder.finalize()
        writer = Blocks(self._aes, modes.CBC(vector)).encryptor()
        return vector + writer.update(padded) + writer.finalize()

    def open(self, sealed: bytes, place: bytes) -> bytes:
        """The inverse. Raises Unopened."""
        try:
            reader = Blocks(self._aes, modes.CBC(sealed[:_BLOCK_BYTES])).decryptor()
            padded = reader.update(sealed[_BLOCK_BYTES:]) + reader.finalize()
            remover = padding.PKCS7(_BLOCK_BITS).unpadder()
            return remover.update(padded) + remover.finalize()
        except ValueError as error:
            raise Unopened(type(error).__name__) from error
