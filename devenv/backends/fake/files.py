"""Files of the fake engine's containers, and what these use."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterable, Iterator

from devenv.backends.fake.store import Store, heed
from devenv.model.errors import DevenvError, ExitCode, NotFound
from devenv.model.observed import PathStat, Usage
from devenv.model.protocols import Cancel, InnerFile


class Files(Store):
    """A folder is there where a file lies in it; `/` and `/tmp` always are."""

    def path_stat(self, container: str, path: str) -> PathStat | None:
        with self._lock:
            files = self._machine(container).files
            whole = posixpath.normpath(path)
            if whole in files:
                return PathStat(name=posixpath.basename(whole), directory=False, size=len(files[whole]))
            if whole in ("/", "/tmp") or any(name.startswith(f"{whole}/") for name in files):
                return PathStat(name=posixpath.basename(whole) or "/", directory=True)
            return None

    def read_file(self, container: str, path: str) -> InnerFile | None:
        with self._lock:
            machine = self._machine(container)
            head = machine.files.get(path)
            if head is None:
                return None
            return InnerFile(head=head[:65536], mode=machine.modes.get(path, 0o644))

    def get_archive(self, container: str, path: str, *, cancel: Cancel) -> Iterator[bytes]:
        heed(cancel, f"copy {path}")
        found = self.path_stat(container, path)
        if found is None:
            raise NotFound(f"cannot copy {path}: it is not there", hint="see its name", code=ExitCode.FAILED)
        whole, packed = posixpath.normpath(path), io.BytesIO()
        top = "." if path.endswith("/.") else found.name
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, content in sorted(self._machine(container).files.items()):
                if name == whole or name.startswith(f"{whole.rstrip('/')}/"):
                    entry = tarfile.TarInfo(
                        posixpath.join(top, posixpath.relpath(name, whole)) if name != whole else top
                    )
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
        yield packed.getvalue()

    def put_archive(
        self, container: str, folder: str, tar: Iterable[bytes], *, own: bool = False, cancel: Cancel
    ) -> None:
        packed = io.BytesIO(b"".join(tar))
        with self._change("put_archive", container):
            heed(cancel, f"copy into {folder}")
            into = self.path_stat(container, folder)
            if into is None or not into.directory:
                raise NotFound(f"cannot copy into {folder}: no such folder", hint="make it", code=ExitCode.FAILED)
            try:
                with tarfile.open(fileobj=packed, mode="r:") as archive:
                    for entry in archive:
                        content = archive.extractfile(entry) if entry.isfile() else None
                        if content is not None:
                            path = posixpath.normpath(posixpath.join(folder, entry.name))
                            self._machine(container).files[path] = content.read()
            except tarfile.TarError as error:
                raise DevenvError(f"cannot copy into {folder}: {error}", hint="see it", code=ExitCode.FAILED) from error

    def usage(self, container: str, *, cancel: Cancel) -> Iterator[Usage]:
        machine = self._machine(container)
        for count in range(1, 1_000_000):
            if cancel.cancelled or not machine.running(self._clock.now()):
                return
            yield Usage(at=float(count), cpu=count * 0.5, memory=10_000_000, received=1000, sent=2000, pids=3)
            cancel.wait(0.005)
