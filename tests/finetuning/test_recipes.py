"""Recipes hold what a person may choose, and refuse the rest in sentences."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from finetuning import recipe_files
from finetuning.pages.forms import RecipeForm
from finetuning.recipes import (
    FIELDS,
    PROJECTIONS,
    RECIPES,
    Recipe,
    RecipeError,
)

LLAMA = RECIPES["llama3.2-3b"]


def test_the_llama_recipes_are_those_of_the_design() -> None:
    for name in ("llama3.2-1b", "llama3.2-3b"):
        recipe = RECIPES[name]
        assert (recipe.rank, recipe.alpha, recipe.dropout) == (16, 16, 0)
        assert (recipe.learning_rate, recipe.warmup_steps, recipe.weight_decay) == (2e-4, 5, 0.01)
        assert (recipe.batch_size, recipe.accumulation, recipe.seed) == (2, 4, 3407)
        assert recipe.load_in_4bit
        assert recipe.temperature == 0.8
    assert len(PROJECTIONS) == 7


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_survives_being_stored(recipe: Recipe) -> None:
    assert Recipe.from_dict(recipe.to_dict()) == recipe


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rank", 0),
        ("rank", 3.5),
        ("rank", True),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("learning_rate", 0),
        ("backend", "jax"),
        ("held_out", 1.0),
        ("seed", -1),
        ("load_in_4bit", 1),
        ("temperature", "hot"),
    ],
)
def test_values_that_cannot_work_are_refused(name: str, value: Any) -> None:
    with pytest.raises(RecipeError) as refused:
        LLAMA.changed({name: value})
    assert list(refused.value.errors) == [name]


@pytest.mark.parametrize("name", ["weights", "base_model", "name", "disk", "nonsense"])
def test_paths_and_names_are_not_for_a_form(name: str) -> None:
    with pytest.raises(RecipeError):
        LLAMA.changed({name: "/etc/passwd"})


def test_what_is_no_recipe_is_refused() -> None:
    with pytest.raises(RecipeError):
        Recipe.from_dict({"name": "x"})
    with pytest.raises(RecipeError):
        Recipe.from_dict({**LLAMA.to_dict(), "extra": 1})


def form_data(recipe: Recipe, **changes: Any) -> dict[str, Any]:
    values = {name: getattr(recipe, name) for name in FIELDS} | changes
    return {name: value for name, value in values.items() if value is not False}


def test_the_form_gives_back_the_recipe_that_it_shows() -> None:
    for recipe in RECIPES.values():
        form = RecipeForm(recipe, form_data(recipe))
        assert form.is_valid(), form.errors
        assert form.recipe == recipe


@pytest.mark.parametrize(
    ("name", "value"),
    [("rank", "many"), ("rank", "1e3"), ("learning_rate", "nan"), ("epochs", "0"), ("backend", "")],
)
def test_the_form_says_which_value_is_wrong(name: str, value: str) -> None:
    form = RecipeForm(LLAMA, form_data(LLAMA, **{name: value}))
    assert not form.is_valid()
    assert list(form.errors) == [name]


def test_the_form_changes_the_recipe() -> None:
    form = RecipeForm(LLAMA, form_data(LLAMA, rank="8", start_from="service"))
    assert form.is_valid(), form.errors
    assert (form.recipe.rank, form.recipe.start_from) == (8, "service")
    assert form.recipe.weights == LLAMA.weights


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_goes_out_as_a_file_and_comes_in(recipe: Recipe) -> None:
    changed = recipe.changed({"rank": 3, "learning_rate": 1e-5, "load_in_4bit": True})
    assert recipe_files.read(recipe_files.write(changed).encode()) == changed


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('recipe = "pocket"\n[values]\nrank = 0', "rank: Enter a number from 1 to 256"),
        ('recipe = "pocket"\n[values]\nrank = "16"', "rank: Enter a number"),
        ('recipe = "pocket"\n[values]\nweights = "/etc/passwd"', "weights: There is no such value"),
        ('recipe = "pocket"\n[values]\nbeta = nan', "beta: Enter a number from"),
        ('recipe = "pocket"\nweights = "x"', "weights: There is no such entry"),
        ('recipe = "other"', "recipe: Name one of llama3.2-1b"),
        ("recipe = 3", "recipe: Name one of"),
        ('recipe = "pocket"\nvalues = 3', "values: They are a table"),
        ("recipe = pocket", "recipe: The file is no TOML"),
        ("[" * 4_000, "recipe: The file is no TOML"),
        (f"recipe = {'9' * 4_500}", "recipe: The file is no TOML"),
        ('recipe = "pocket"\n[values]\nload_in_4bit = 1', "load_in_4bit: Enter true or false"),
        ("# \udcff", "no text in UTF-8"),
        ("#" * 5_001, "at most 5,000 bytes"),
        (f"{'a.' * 3_000}a = 1", "at most 5,000 bytes"),  # never parsed: seconds, were it longer
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(text: str, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        recipe_files.read(text.encode(errors="surrogateescape"))


def test_the_command_reads_and_writes_recipes(tmp_path: Path) -> None:
    path, again = tmp_path / "own.toml", tmp_path / "again.toml"
    said = io.StringIO()
    call_command("finetune", "--set", "rank=5", "--save-recipe", str(path), stdout=said)
    more = ("--recipe-file", str(path), "--save-recipe", str(again))
    call_command("finetune", *more, stdout=said)
    assert recipe_files.read(again.read_bytes()) == RECIPES["pocket"].changed({"rank": 5})
    with pytest.raises(CommandError, match="No such file"):
        call_command("finetune", "--recipe-file", str(tmp_path / "none"), stdout=said)
    path.write_text("rank = 3")
    with pytest.raises(CommandError, match="rank: There is no such entry"):
        call_command("finetune", "--recipe-file", str(path), stdout=said)
