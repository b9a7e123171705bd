"""The results as Markdown: one table of all loads, one of how cost grows, one of the goals."""

from collections.abc import Iterable, Sequence

from benchmarks.relay.figures import MODEL_SERVER, OURS, RELAY, Growth, Measurement, growth

MOST_GAP = 250.0  # ms
LEAST_SHARE = 0.9  # of the tokens that the model server gives without us
# A straight line: how much of the difference it explains, and by how much the largest load may be
# above it.
LEAST_R_SQUARED, MOST_FORETOLD = 0.99, 1.1

_COLUMNS = (
    *("writers", "side", "first word, median", "slowest", "above the model server"),
    *("tokens a second", "of the model server's", "gap, p99"),
    *("CPU a token", "of the relay's", "memory a stream"),
)


class Results:
    """The measurements of a run, by load and side."""

    def __init__(self, measurements: Sequence[Measurement]) -> None:
        """Take in the measurements; those of one load follow each other."""
        self.measurements = measurements
        self._found = {(run.load, run.side): run for run in measurements}
        self.loads = list(dict.fromkeys(run.load for run in measurements))

    def of(self, load: tuple[int, int, float], side: str) -> Measurement:
        """Return what `side` did under `load`; raises `KeyError`."""
        return self._found[load, side]

    def above(self, run: Measurement) -> float:
        """Return how much later the first word comes than from the model server itself, in ms."""
        return run.first_word_median - self.of(run.load, MODEL_SERVER).first_word_median

    def share(self, run: Measurement) -> float:
        """Return the tokens a second as a part of those that the model server gives alone."""
        return run.tokens_per_second / self.of(run.load, MODEL_SERVER).tokens_per_second

    def of_relay(self, run: Measurement) -> float:
        """Return the CPU of a token as a part of the relay's."""
        return (run.cpu_per_token or 0.0) / (self.of(run.load, RELAY).cpu_per_token or 1e-9)


def report(measurements: Sequence[Measurement]) -> str:
    """Return all tables; those of growth and of the goals only so far as there are figures."""
    results = Results(measurements)
    parts = [_loads(results)]
    lines = [line for side in (RELAY, OURS) for line in growth(measurements, side)]
    if lines:
        parts.append(_growth(lines))
    if rows := _goals(results, lines):
        parts.append("\n".join(["| goal | measured |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def _loads(results: Results) -> str:
    rows = [_row(_COLUMNS), "|---" * len(_COLUMNS) + "|"]
    rows += [_row(_cells(results, run)) for run in results.measurements]
    return "\n".join(rows)


def _cells(results: Results, run: Measurement) -> Iterable[str]:
    yield f"{run.writers}{' on 2' if run.processes > 1 else ''}, {run.rate:g} a second"
    yield run.side
    yield f"{run.first_word_median:.1f} ms"
    yield f"{run.first_word_max:.1f} ms"
    is_served = run.side != MODEL_SERVER
    yield f"{results.above(run):.1f} ms" if is_served else ""
    yield f"{run.tokens_per_second:,.0f}"
    yield f"{results.share(run):.1%}" if is_served else ""
    yield f"{run.gap_p99:.0f} ms"
    yield f"{run.cpu_per_token:.0f} µs" if run.cpu_per_token is not None else ""
    yield f"{results.of_relay(run):.2f}" if is_served else ""
    yield f"{run.megabytes_each:.2f} MB" if run.megabytes_each is not None else ""


def _growth(lines: list[Growth]) -> str:
    columns = (
        *("tokens a second", "writers", "side", "CPU of one more story", "R²"),
        "the largest load, of what the others foretell",
    )
    rows = [_row(columns), "|---" * len(columns) + "|"]
    for line in lines:
        cells = (
            *(f"{line.rate:g}", ", ".join(map(str, line.writers)), line.side),
            *(f"{line.slope * 1e3:.1f} ms", f"{line.r_squared:.4f}", f"{line.foretold:.2f}"),
        )
        rows.append(_row(cells))
    return "\n".join(rows)


def _goals(results: Results, lines: list[Growth]) -> list[str]:
    """Return a row for each goal whose load was measured."""
    own = [results.of(load, OURS) for load in results.loads]
    rows = _first_words(results, own)
    worst = min(own, key=results.share)
    rows.append(
        _goal(
            "tokens a second at least 90 % of the model server's, under each load",
            f"{results.share(worst):.1%} with {worst.writers} writers",
            met=results.share(worst) >= LEAST_SHARE,
        )
    )
    slowest = max(own, key=lambda run: run.gap_p99)
    rows.append(
        _goal(
            f"p99 gap between frames under {MOST_GAP:.0f} ms, under each load",
            f"{slowest.gap_p99:.0f} ms with {slowest.writers} writers",
            met=slowest.gap_p99 < MOST_GAP,
        )
    )
    straight = [line for line in lines if line.side == OURS]
    if straight:
        least = min(line.r_squared for line in straight)
        most = max(line.foretold for line in straight)
        rows.append(
            _goal(
                "cost grows with the writers on a straight line: R² at least 0.99, and the largest "
                "load at most 1.10 of what the smaller ones foretell",
                f"{least:.4f}, {most:.2f}",
                met=least >= LEAST_R_SQUARED and most <= MOST_FORETOLD,
            )
        )
    return rows


def _first_words(results: Results, own: list[Measurement]) -> list[str]:
    """Return the rows of the goals for one writer and for thirty, at the full rate."""
    fastest = max(run.rate for run in own)
    at = {run.writers: run for run in own if run.rate == fastest}
    rows = []
    for writers, most in ((1, 10), (30, 40)):
        if run := at.get(writers):
            name = "1 writer" if writers == 1 else f"{writers} writers"
            above = results.above(run)
            goal = f"{name}: first word at most {most} ms above the model server's own"
            rows.append(_goal(goal, f"{above:.1f} ms", met=above <= most))
    if run := at.get(30):
        later = results.above(results.of(run.load, RELAY)) / max(results.above(run), 1e-9)
        goal = "30 writers: first word above the model server's own at most 1/30 of the relay's"
        rows.append(_goal(goal, f"1/{later:.0f}", met=later >= 30))
        ratio = results.of_relay(run)
        goal = "30 writers: CPU a token at most 0.40 of the relay's"
        rows.append(_goal(goal, f"{ratio:.2f}", met=ratio <= 0.4))
    return rows


def _goal(goal: str, measured: str, *, met: bool) -> str:
    return _row((goal, f"{measured}: {'met' if met else 'missed'}"))


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
