"""The installation's secret key."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from storaiteller_site.secret import load_or_create_secret_key


def test_key_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret_key"
    key = load_or_create_secret_key(path)
    assert len(key) >= 50
    assert load_or_create_secret_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_processes_starting_together_agree(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_or_create_secret_key(path), range(32)))
    assert len(keys) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret_key"]
