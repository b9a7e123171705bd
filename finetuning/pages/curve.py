"""The loss curve as an SVG picture, made on the server: train and held-out loss over the steps."""

from collections.abc import Sequence

from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

WIDTH, HEIGHT = 640, 220  # of the picture, in its own units
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 10, 26
_LINES = 4  # across

Point = tuple[int, float]


def picture(curve: Sequence[Sequence[float | None]]) -> SafeString:
    """Return the SVG of `curve`, a list of [step, train loss or None, held-out loss or None]."""
    train = [(int(p[0] or 0), p[1]) for p in curve if p[1] is not None]
    held_out = [(int(p[0] or 0), p[2]) for p in curve if p[2] is not None]
    if len(train) < 2:
        return SafeString("")
    values = [loss for _, loss in train + held_out]
    low, high = min(values), max(values)
    if high - low < 1e-6:
        low, high = low - 0.5, high + 0.5
    last = max(step for step, _ in train + held_out)

    def place(point: Point) -> tuple[float, float]:
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * point[0] / last
        y = _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - point[1]) / (high - low)
        return round(x, 1), round(y, 1)

    grid = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}" class="grid"/>'
        '<text x="{}" y="{}" class="tick" text-anchor="end">{}</text>',
        (
            (_LEFT, WIDTH - _RIGHT, y, y, _LEFT - 6, y + 4, number_format(loss, 2))
            for loss in (low + (high - low) * line / _LINES for line in range(_LINES + 1))
            for _, y in [place((0, loss))]
        ),
    )
    dots = format_html_join(
        "", '<circle cx="{}" cy="{}" r="3.5" class="held-out"/>', map(place, held_out)
    )
    return format_html(
        '<svg class="curve" viewBox="0 0 {} {}" role="img" aria-label="{}">{}'
        '<polyline points="{}" class="train"/><polyline points="{}" class="held-out"/>{}'
        '<text x="{}" y="{}" class="tick" text-anchor="end">{}</text></svg>',
        *(WIDTH, HEIGHT, _label(train, held_out), grid, _points(map(place, train))),
        *(_points(map(place, held_out)), dots, WIDTH - _RIGHT, HEIGHT - 6),
        _("step %(step)s") % {"step": last},
    )


def _points(places: "map[tuple[float, float]]") -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _label(train: list[Point], held_out: list[Point]) -> str:
    values = {
        "steps": train[-1][0],
        "first": f"{train[0][1]:.2f}",
        "last": f"{train[-1][1]:.2f}",
    }
    if not held_out:
        return _("Loss over %(steps)s steps: train %(first)s to %(last)s") % values
    values |= {"before": f"{held_out[0][1]:.2f}", "after": f"{held_out[-1][1]:.2f}"}
    told = _(
        "Loss over %(steps)s steps: train %(first)s to %(last)s, held-out %(before)s to %(after)s"
    )
    return told % values
