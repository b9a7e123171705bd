"""llama.cpp's scripts: where they come from, and what is said when they don't."""

import hashlib
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from modelserver import converters
from modelserver.converters import ConverterError, Converters


@pytest.fixture(autouse=True)
def nothing_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no copy of llama.cpp from the environment."""
    monkeypatch.delenv("LLAMA_CPP_DIR", raising=False)


def test_pip_knows_the_hash_before_it_runs_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def pip(command: list[str], **_: Any) -> Any:
        asked.extend(command)
        return SimpleNamespace(returncode=1)

    told: list[str] = []
    monkeypatch.setattr("modelserver.converters.subprocess.run", pip)
    with pytest.raises(ConverterError, match="can't be fetched"):
        Converters(tmp_path / "cache", told.append).scripts()
    assert told == ["Fetching llama.cpp's conversion scripts (once)."]
    assert "--require-hashes" in asked
    pinned = Path(asked[asked.index("--requirement") + 1]).read_text()
    assert f"--hash=sha256:{converters.SHA256}" in pinned


def test_an_archive_of_another_hash_is_thrown_away(tmp_path: Path) -> None:
    archive = tmp_path / f"llama_cpp_python-{converters.VERSION}.tar.gz"
    archive.write_bytes(b"something else")
    with pytest.raises(ConverterError, match="expected"):
        Converters(tmp_path, print).scripts()
    assert not archive.exists()


def test_a_python_before_3_11_4_unpacks_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = tarfile.TarFile.extractall

    def older(self: tarfile.TarFile, path: Path, members: Any = None) -> None:
        extract(self, path, members, filter="data")

    name = f"llama_cpp_python-{converters.VERSION}"
    archive = tmp_path / f"{name}.tar.gz"
    script = tmp_path / "script.py"
    script.write_text("")
    with tarfile.open(archive, "w:gz") as made:
        made.add(script, f"{name}/vendor/llama.cpp/convert_hf_to_gguf.py")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(converters, "SHA256", digest)
    monkeypatch.setattr(tarfile.TarFile, "extractall", older)
    monkeypatch.delattr(tarfile, "data_filter")
    assert (Converters(tmp_path, print).scripts() / "convert_hf_to_gguf.py").is_file()


def test_a_folder_without_the_scripts_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_CPP_DIR", str(tmp_path))
    with pytest.raises(ConverterError, match="holds no convert_hf_to_gguf"):
        Converters(tmp_path, print).run("convert_hf_to_gguf.py")


def test_a_script_that_fails_has_the_last_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLAMA_CPP_DIR", str(tmp_path))
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text("import sys; print(sys.path[1]); sys.exit('first\\nno such tensor')")
    with pytest.raises(ConverterError, match=r"convert_hf_to_gguf\.py failed: no such tensor"):
        Converters(tmp_path, print).run(script.name, "model")
    assert "first" in capsys.readouterr().err


def test_a_script_finds_the_gguf_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLAMA_CPP_DIR", str(tmp_path))
    (tmp_path / "gguf-py").mkdir()
    (tmp_path / "gguf-py" / "gguf.py").write_text("BESIDE = 'beside'")
    (tmp_path / "convert_hf_to_gguf.py").write_text(
        "import sys, gguf; open(sys.argv[1], 'w').write(gguf.BESIDE)"
    )
    Converters(tmp_path, print).run("convert_hf_to_gguf.py", str(tmp_path / "out"))
    assert (tmp_path / "out").read_text() == "beside"
    assert sys.executable
