"""Two engines of different kinds at once, one killed in mid-story."""

from pathlib import Path

from benchmarks.engines import MOST_WAITED, measure


def test_no_word_is_lost_and_nobody_waits_behind_a_dead_engine(tmp_path: Path) -> None:
    """Few writers; `python -m benchmarks.engines` takes 200."""
    found = measure(tmp_path, 8)
    assert set(found.servers) >= {"pocket", "llama.cpp"}
    assert found.lost == 0
    assert found.waited < MOST_WAITED
    assert found.ends["failed"] >= 1, "what is broken off is said to be"
    assert found.after >= 8, "the other one writes for all of them"
