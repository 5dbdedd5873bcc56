"""Secrets are sealed in the store, and nobody above it notices."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.apiserver.encryption import PREFIX, Sealer, key_of
from actors.kit.world.real import RealEntropy
from cluster.api.encryption_configuration import EncryptionConfiguration, Key, Rule
from cluster.errors import StatusError
from cluster.messages.store import Delete, KeyValue, Put
from tests.support.control_plane import ControlPlane, control_plane
from tests.support.widgets import established, widget
from tests.unit.actors.apiserver.fake_store import FakeStore

WORD = base64.b64encode(b"correct horse").decode()
KEY = "/registry/core/secrets/default/one"
ONE, TWO = Key("one", b"1" * 32), Key("two", b"2" * 16)
CBC = Key("one", b"4" * 24, "aescbc")


def configured(
    *keys: Key, clear: bool = True, first_clear: bool = False
) -> EncryptionConfiguration:
    writer = None if first_clear or not keys else keys[0]
    return EncryptionConfiguration((Rule(("secrets",), keys, writer, clear),))


def sealer(*keys: Key, clear: bool = True) -> Sealer:
    return Sealer(configured(*keys, clear=clear), RealEntropy())


def secret(name: str = "one") -> dict[str, object]:
    return {"metadata": {"name": name, "labels": {"a": "b"}}, "data": {"word": WORD}}


def stored(put: Put | Delete, revision: int = 7) -> KeyValue:
    assert isinstance(put, Put)
    return KeyValue(put.key, put.value, revision, revision, 1, put.index, put.lease)


async def test_a_secret_is_stored_sealed_and_read_whole(
    fake_plane: ControlPlane, fake: FakeStore
) -> None:
    made = await fake_plane.create("secrets", secret(), "default")
    value = fake.live[KEY].value
    assert value.startswith(PREFIX + b"aesgcm:v1:key1:")
    assert WORD.encode() not in value
    assert made == await fake_plane.get("secrets", "one", "default")
    [listed] = (await fake_plane.list("secrets", "default", labelSelector="a=b"))["items"]
    assert (listed["data"], listed["metadata"]) == (made["data"], made["metadata"])
    patched = await fake_plane.patch("secrets", "one", {"data": {"more": WORD}}, "default")
    assert patched["data"] == {"word": WORD, "more": WORD}
    assert patched["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    assert patched == await fake_plane.get("secrets", "one", "default")


async def test_other_kinds_are_in_clear(fake_plane: ControlPlane, fake: FakeStore) -> None:
    await fake_plane.create("configmaps", {**secret(), "data": {"a": "plain"}}, "default")
    assert b"plain" in fake.live["/registry/core/configmaps/default/one"].value


async def test_a_key_put_first_is_soon_the_only_one_in_use(tmp_path: Path) -> None:
    fake = FakeStore()

    async def values() -> list[bytes]:
        return [item.value for key, item in fake.live.items() if "/secrets/" in key]

    for number, configuration in enumerate(
        (
            EncryptionConfiguration(),
            configured(ONE),
            configured(CBC, ONE),
            configured(TWO, CBC),
            configured(ONE, TWO, first_clear=True),
        )
    ):
        folder = tmp_path / str(number)
        async with control_plane(
            folder, store=lambda settings: fake, encryption=configuration
        ) as plane:
            if not number:
                await plane.create("secrets", secret(), "default")
            providers = (b"aesgcm:v1:one:", b"aescbc:v1:one:", b"aesgcm:v1:two:")
            marks = [b"{", *(PREFIX + provider for provider in providers), b"{"]
            for _ in range(200):
                if all(value.startswith(marks[number]) for value in await values()):
                    break
                await plane.system.world.clock.sleep(0.02)
            assert all(value.startswith(marks[number]) for value in await values())
            found = await plane.get("secrets", "one", "default")
            assert found["data"] == {"word": WORD}
            version = int(found["metadata"]["resourceVersion"])
            assert version == fake.live[KEY].mod_revision


async def test_custom_resources_are_written_anew_too(tmp_path: Path) -> None:
    """Else the key that they are under could not be taken out."""
    fake = FakeStore()
    key = "/registry/example.com/widgets/default/w"
    rules = [Rule(("widgets.example.com",), (one,), one, True) for one in (ONE, CBC)]
    both = Rule(("widgets.example.com",), (CBC, ONE), CBC, True)
    for number, configuration in enumerate(((rules[0],), (both,))):
        async with control_plane(
            tmp_path / str(number),
            store=lambda settings: fake,
            encryption=EncryptionConfiguration(configuration),
        ) as plane:
            if not number:
                await established(plane)
                await plane.create("widgets", widget(replicas=3), "default", "example.com")
                assert fake.live[key].value.startswith(PREFIX + b"aesgcm:v1:one:")
                continue
            for _ in range(200):
                if fake.live[key].value.startswith(PREFIX + b"aescbc:v1:one:"):
                    break
                await plane.system.world.clock.sleep(0.02)
            assert fake.live[key].value.startswith(PREFIX + b"aescbc:v1:one:")
            found = await plane.get("widgets", "w", "default", "example.com")
            assert found["spec"]["replicas"] == 3


def test_a_value_opens_under_its_own_key_only() -> None:
    put = Put(KEY, b'{"a":"","b":1}', 6)
    sealed = sealer(ONE).seal(put)
    opened = sealer(TWO, ONE).open(stored(sealed, 42))
    assert opened.value == b'{"a":"42","b":1}'
    item = stored(sealed)
    moved = KeyValue(KEY + "2", item.value, 1, 1, 1)
    flipped = KeyValue(KEY, item.value[:-1] + bytes([item.value[-1] ^ 1]), 1, 1, 1)
    cut = KeyValue(KEY, item.value[:30], 1, 1, 1)
    other = Key("one", b"3" * 32)
    for keeper, wrong in (
        (sealer(ONE), moved),
        (sealer(ONE), flipped),
        (sealer(ONE), cut),
        (sealer(other), item),
        (sealer(TWO), item),
        (sealer(), item),
    ):
        with pytest.raises(StatusError) as caught:
            keeper.open(wrong)
        assert caught.value.code == 500
        assert "correct" not in str(caught.value)


def test_what_is_in_clear_is_refused_without_the_identity_provider() -> None:
    item = KeyValue(KEY, b"{}", 1, 1, 1)
    assert sealer(ONE).open(item) is item
    with pytest.raises(StatusError):
        sealer(ONE, clear=False).open(item)


def test_two_writes_of_the_same_value_differ() -> None:
    keeper = sealer(ONE)
    assert stored(keeper.seal(Put(KEY, b"a"))).value != stored(keeper.seal(Put(KEY, b"a"))).value


def test_a_value_under_cbc_wants_its_own_key() -> None:
    put = Put(KEY, b'{"a":"","b":1}', 6)
    sealed = stored(sealer(CBC, ONE).seal(put), 42)
    assert key_of(sealed.value) == ("aescbc", "one") and b'"b"' not in sealed.value
    assert sealer(ONE, CBC).open(sealed).value == b'{"a":"42","b":1}'
    cut = KeyValue(KEY, sealed.value[:-1], 1, 1, 1)
    bare = KeyValue(KEY, PREFIX + b"aescbc:v1:one:", 1, 1, 1)
    for keeper, wrong in (
        (sealer(ONE), sealed),
        (sealer(CBC), cut),
        (sealer(CBC), bare),
        (sealer(Key("one", b"5" * 24, "aescbc")), sealed),
    ):
        with pytest.raises(StatusError) as caught:
            keeper.open(wrong)
        assert caught.value.code == 500


@given(st.binary(max_size=300), st.integers(1, 1 << 62), st.sampled_from([ONE, CBC]))
def test_any_value_comes_back(value: bytes, revision: int, key: Key) -> None:
    keeper = sealer(key)
    item = stored(keeper.seal(Put(KEY, value)), revision)
    assert keeper.open(item).value == value
    assert not keeper.is_stale(item)
    assert sealer(TWO, key).is_stale(item)


PLACES = ["/registry/core/secrets/a/", "/registry/core/secrets/b/", "/registry/apps/sets/a/", "/x"]


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.booleans()), max_size=6), st.booleans())
def test_a_range_is_opened_as_each_of_it(kinds: list[tuple[str, bool]], clear: bool) -> None:
    one = sealer(ONE, clear=clear)
    places = sorted(place for place, _ in kinds)
    items = []
    for number, (place, (_, sealed)) in enumerate(zip(places, kinds, strict=True)):
        put = Put(f"{place}{number}", b'{"a":1}')
        items.append(stored(sealer(ONE).seal(put) if sealed else put))
    try:
        wanted = tuple(one.open(item) for item in items)
    except StatusError as error:
        with pytest.raises(StatusError) as caught:
            one.open_range(items)
        assert str(caught.value) == str(error)
    else:
        assert one.open_range(items) == wanted
