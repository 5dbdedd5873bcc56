"""The pod sandbox's image, made here from nothing: no registry, no compiler, no build.

The program is a static ELF that ignores SIGCHLD (so the kernel reaps the orphans of a shared PID
namespace) and sleeps for ever. If ``/node-netns`` is mounted into the container it first joins
that network namespace: that is how a hostNetwork pod gets into its *node's* namespace when the
engine itself lives in another one. Must not know: how the image is loaded.

Sources: ELF-64 (gABI chapters 4 and 5), x86-64 and arm64 Linux system call tables, Docker image
specification v1.2 ("combined image JSON + filesystem changeset format").
"""

import hashlib
import io
import json
import platform
import struct
import tarfile
from collections.abc import Mapping

NODE_NETNS_MOUNT = "/node-netns"
LOAD_ADDRESS = 0x400000
HEADERS_BYTES = 64 + 56
MACHINE_X86_64 = 62


def pause_reference() -> str:
    """Tag of the image; changes with its content, so that an old one is never taken for it."""
    digest = hashlib.sha256(pause_program()).hexdigest()[:12]
    return f"steersman/pause:{digest}"


def pause_archive() -> bytes:
    """The image as a ``docker load`` archive (a few KiB)."""
    config = {"Entrypoint": ["/pause"], "StopSignal": "SIGKILL"}
    directories = ("proc", "sys", "dev", "etc")
    layer = layer_tar({"pause": pause_program(), "node-netns": b""}, directories)
    return image_archive(pause_reference(), [layer], config)


def pause_program() -> bytes:
    """The ELF file. Raises ValueError on a machine type that it is not written for."""
    machine = platform.machine()
    if machine not in ("x86_64", "AMD64"):
        raise ValueError(f"no pause program for machine type {machine!r}")
    return elf_file(MACHINE_X86_64, x86_64_code())


def x86_64_code() -> bytes:
    """rt_sigaction(SIGCHLD, SIG_IGN); fd = open(netns); if fd >= 0 setns(fd, NEWNET); pause."""
    ignore_child = (
        b"\xbf\x11\x00\x00\x00"  # mov edi, 17 (SIGCHLD)
        b"\x48\x8d\x35%s"  # lea rsi, [rip + action]
        b"\x31\xd2"  # xor edx, edx
        b"\x41\xba\x08\x00\x00\x00"  # mov r10d, 8
        b"\xb8\x0d\x00\x00\x00\x0f\x05"  # mov eax, 13 (rt_sigaction); syscall
    )
    open_netns = (
        b"\x48\x8d\x3d%s"  # lea rdi, [rip + path]
        b"\x31\xf6\x31\xd2"  # xor esi, esi (O_RDONLY); xor edx, edx
        b"\xb8\x02\x00\x00\x00\x0f\x05"  # mov eax, 2 (open); syscall
        b"\x85\xc0\x78\x0e"  # test eax, eax; js +14
        b"\x89\xc7"  # mov edi, eax
        b"\xbe\x00\x00\x00\x40"  # mov esi, CLONE_NEWNET
        b"\xb8\x34\x01\x00\x00\x0f\x05"  # mov eax, 308 (setns); syscall
    )
    sleep = b"\xb8\x22\x00\x00\x00\x0f\x05\xeb\xf7"  # L: mov eax, 34 (pause); syscall; jmp L
    action = struct.pack("<QQQQ", 1, 0, 0, 0)  # sa_handler = SIG_IGN
    path = NODE_NETNS_MOUNT.encode() + b"\0"
    blank = b"\0\0\0\0"
    first_len, second_len = len(ignore_child % blank), len(open_netns % blank)
    code_len = first_len + second_len + len(sleep)
    to_action = code_len - 12  # rip after the lea: 5 + 7 bytes in
    to_path = code_len + len(action) - (first_len + 7)
    return b"".join(
        (
            ignore_child % struct.pack("<i", to_action),
            open_netns % struct.pack("<i", to_path),
            sleep,
            action,
            path,
        )
    )


def elf_file(machine: int, code: bytes) -> bytes:
    """One loadable read-execute segment, entered at its first byte of code."""
    size = HEADERS_BYTES + len(code)
    entry = LOAD_ADDRESS + HEADERS_BYTES
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, entry, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, LOAD_ADDRESS, LOAD_ADDRESS, size, size, 0x1000)
    return ident + header + segment + code


def layer_tar(files: dict[str, bytes], directories: tuple[str, ...]) -> bytes:
    """An uncompressed layer; files are mode 0755."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name in directories:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        for name, data in files.items():
            add_file(tar, name, data)
    return out.getvalue()


def image_archive(reference: str, layers: list[bytes], config: Mapping[str, object]) -> bytes:
    """``docker load`` archive of one image with these layer tars and this container config."""
    digests = [hashlib.sha256(layer).hexdigest() for layer in layers]
    description = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in digests]},
        "history": [{"created": "1970-01-01T00:00:00Z"} for _ in layers],
    }
    image_config = json.dumps(description, sort_keys=True).encode()
    config_name = hashlib.sha256(image_config).hexdigest() + ".json"
    layer_names = [f"{digest}/layer.tar" for digest in digests]
    manifest = [{"Config": config_name, "RepoTags": [reference], "Layers": layer_names}]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        add_file(tar, config_name, image_config)
        for name, layer in zip(layer_names, layers, strict=True):
            add_file(tar, name, layer)
        add_file(tar, "manifest.json", json.dumps(manifest).encode())
    return out.getvalue()


def add_file(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """One regular file, executable, dated 1970 so that the archive is the same every time."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o755
    tar.addfile(entry, io.BytesIO(data))
