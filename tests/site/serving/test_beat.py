"""The schedule after the clock was set back."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from storaiteller_site.celery import app
from storaiteller_site.serving.beat import Scheduler

SOONEST = 15.0  # seconds: how often abandoned generations are looked for


def test_a_clock_set_back_stops_nothing(tmp_path: Path) -> None:
    assert app.conf.beat_scheduler == "storaiteller_site.serving.beat:Scheduler"
    path = tmp_path / "new" / "schedule"  # of a machine that has served nothing yet
    scheduler = Scheduler(app=app, schedule_filename=str(path), max_interval=300)
    try:
        assert scheduler.tick() <= SOONEST
        for entry in scheduler.schedule.values():
            entry.last_run_at = app.now() + timedelta(hours=1)
        scheduler._heap = None
        assert scheduler.tick() <= SOONEST
        runs = [entry.last_run_at for entry in scheduler.schedule.values()]
        assert all(run and run <= app.now() for run in runs)
    finally:
        scheduler.close()


@pytest.mark.django_db
def test_sessions_that_have_run_out_are_removed() -> None:
    now = timezone.now()
    for key, days in (("over", -1), ("open", 1)):
        Session.objects.create(session_key=key, expire_date=now + timedelta(days=days))
    app.loader.import_default_modules()  # as a worker does
    entry = app.conf.beat_schedule["purge-expired-sessions"]
    app.tasks[entry["task"]]()
    assert [session.pk for session in Session.objects.all()] == ["open"]
