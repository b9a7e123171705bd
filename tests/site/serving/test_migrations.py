"""While a new version comes, the one before works on the tables of the new one."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.migrations import operations
from django.db.migrations.loader import MigrationLoader

# The last from before this rule: they removed nothing, but gave columns no default of their own.
BEFORE = {"stories": 15, "finetuning": 5}
NEVER = (operations.RenameField, operations.RenameModel, operations.AlterModelTable)


def troubles(changes: Iterable[Any]) -> Iterator[str]:
    """Yield what the version before would stumble over."""
    for change in changes:
        if isinstance(change, operations.SeparateDatabaseAndState):
            yield from troubles(change.database_operations)
        elif isinstance(change, NEVER):
            yield f"{change.describe()}: the version before asks for the old name"
        elif isinstance(change, operations.AddField):
            field = change.field
            if not (field.null or field.has_db_default() or field.many_to_many):
                yield f"{change.describe()}: the version before stores rows without it"


def found(*, later: bool) -> list[str]:
    """Return the troubles with our migrations, from before the rule or of later."""
    return [
        f"{app} {name}: {trouble}"
        for (app, name), migration in sorted(MigrationLoader(None).disk_migrations.items())
        if app in BEFORE and (int(name[:4]) > BEFORE[app]) is later
        for trouble in troubles(migration.operations)
    ]


def test_the_version_before_can_store_rows_in_the_new_tables() -> None:
    assert found(later=True) == []
    known = "stories 0014_generation_server: Add field server to generation"
    assert any(each.startswith(known) for each in found(later=False)), "nothing is looked at"
