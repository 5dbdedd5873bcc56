"""deploy.images.bytecode: modules compiled for another root file system."""

import marshal

from deploy.images import bytecode
from deploy.images.archive import file_entry

SOURCE = b"VALUE = 41 + 1\n"


def test_what_is_imported_is_compiled_and_nothing_else() -> None:
    needed = bytecode.LIBRARY + "socket.py"
    entries = [file_entry(needed, SOURCE), file_entry(bytecode.LIBRARY + "tkinter.py", SOURCE)]
    [(info, data)] = bytecode.compiled(entries, ["socket"])
    assert info.name == bytecode.cache_path(needed)
    assert "/__pycache__/socket.cpython-" in info.name
    names: dict[str, int] = {}
    exec(marshal.loads(data[16:]), names)
    assert names["VALUE"] == 42


def test_the_same_input_gives_the_same_bytes() -> None:
    entries = [file_entry(bytecode.LIBRARY + "socket.py", SOURCE)]
    assert (
        bytecode.compiled(entries, ["socket"])[0][1]
        == bytecode.compiled(entries, ["os", "socket"])[0][1]
    )


def test_a_library_of_another_version_is_left_as_it_is() -> None:
    assert bytecode.compiled([file_entry("usr/lib/python2.7/socket.py", SOURCE)], ["socket"]) == []
