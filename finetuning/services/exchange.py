"""Stories in and out of files: datastories.csv and JSON Lines."""

import json
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from finetuning.pipeline.material import datastories
from finetuning.pipeline.material.datastories import DataError, Entry
from finetuning.services import lineage
from prose import prompts
from prose.settings import Settings
from stories.history import library
from stories.history.versions import MAX_TEXT_LENGTH
from stories.models import Curation, Genre, Register, Story, StorySettings, User

_MOST_PROBLEMS = 20  # told at once


def export_csv() -> str:
    """Return the approved stories as datastories.csv."""
    rows = lineage.approved_rows(None)
    return datastories.write_csv((row["prompt"], row["text"]) for row in rows)


def export_jsonl() -> str:
    """Return the approved stories in chat form, one a line."""
    chats = (datastories.chat(row["prompt"], row["text"]) for row in lineage.approved_rows(None))
    return "".join(json.dumps(chat, ensure_ascii=False) + "\n" for chat in chats)


def import_csv(path: Path, owner: User, *, approve: bool) -> int:
    """Add the stories of a `Prompt,Story` file to the owner's library; return how many.

    All or nothing. They are marked as good and wait for a curator, or are approved in the owner's
    name. Raises `DataError` with the rows that are wrong, and `OSError`.
    """
    entries = datastories.read_csv(path.read_bytes())
    problems: list[str] = []
    checked = [(entry, _settings(entry, problems)) for entry in entries]
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        raise DataError(problems[:_MOST_PROBLEMS] + ([f"… and {more} more."] if more > 0 else []))
    with transaction.atomic():
        for entry, settings in checked:
            assert settings is not None  # noqa: S101 - no problems
            _add(owner, settings, entry.story, approve)
    return len(checked)


def _settings(entry: Entry, problems: list[str]) -> StorySettings | None:
    """Return the settings that the prompt was made of, or note what is wrong with the row."""
    where = f"Row {entry.row} (line {entry.line}): "
    found = prompts.read_prompt(entry.prompt)
    if found is None:
        problems.append(f"{where}the prompt is not worded as StorAIteller words it.")
    elif reason := _wrong(found, entry.story):
        problems.append(where + reason)
    else:
        return StorySettings(**found.to_dict())
    return None


def _wrong(asked: Settings, story: str) -> str:
    if asked.genre not in Genre.values:
        return f"there is no genre {asked.genre}."
    if asked.register not in Register.values:
        return f"there is no register {asked.register}."
    if not prompts.MIN_WORDS <= asked.max_words <= prompts.MAX_WORDS:
        return (
            f"a story can be asked for in {prompts.MIN_WORDS} to {prompts.MAX_WORDS:,} words, "
            f"not in {asked.max_words:,}."
        )
    if not story.strip():
        return "the story is empty."
    if len(story) > MAX_TEXT_LENGTH:
        return f"the story has {len(story):,} characters, too many to keep."
    for name, text in (("main characters", asked.main_characters), ("keywords", asked.keywords)):
        if len(text) > prompts.MAX_FIELD_LENGTH:
            return f"the {name} are too long."
    if len(asked.premise) > prompts.MAX_PREMISE_LENGTH:
        return "what should happen is too long."
    return ""


def _add(owner: User, settings: StorySettings, text: str, approve: bool) -> None:
    story = library.create_story(owner, settings)
    library.save_text(story, owner, text.strip(), 0)
    library.set_good(story, True)
    if approve:
        Story.objects.filter(pk=story.pk).update(
            curation=Curation.APPROVED,
            curated_version=story.version,
            curated_by=owner,
            curated_at=timezone.now(),
            curation_reason="Imported as approved.",
        )
