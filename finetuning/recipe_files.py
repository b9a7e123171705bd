"""A recipe as a TOML file: which one it begins with, and the values that are its own.

Names and paths of models are the program's: a file chooses none.
"""

import json
import tomllib

from finetuning.recipes import FIELDS, RECIPES, Recipe, RecipeError
from prose import said

# Many times what `write` makes. tomllib's time grows with the square of a name's dots.
MAX_BYTES = 5_000
_HEAD = "# A recipe of StorAIteller: which one it begins with, and its values.\n"
_FILE = "recipe"  # what an error of the whole file stands under


def write(recipe: Recipe) -> str:
    """Return the text of the file that `read` makes the same recipe of."""
    values = recipe.to_dict()
    lines = [f"{name} = {json.dumps(values[name])}\n" for name in FIELDS]
    return f'{_HEAD}recipe = "{recipe.name}"\n\n[values]\n{"".join(lines)}'


def read(data: bytes) -> Recipe:
    """Return the recipe in a file. Raises `RecipeError`, with a sentence for each value."""
    if len(data) > MAX_BYTES:
        raise RecipeError({_FILE: too_long()})
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RecipeError({_FILE: said("The file is no text in UTF-8.")}) from error
    except (ValueError, RecursionError) as error:  # ValueError: of a number with too many digits
        told = said("The file is no TOML: %(reason)s.", reason=error)
        raise RecipeError({_FILE: told}) from error
    if unknown := set(found) - {_FILE, "values"}:
        raise RecipeError(dict.fromkeys(unknown, said("There is no such entry.")))
    name, values = found.get(_FILE), found.get("values", {})
    if not isinstance(name, str) or name not in RECIPES:
        raise RecipeError({_FILE: said("Name one of %(names)s.", names=", ".join(sorted(RECIPES)))})
    if not isinstance(values, dict):
        told = said("They are a table: [values], then NAME = VALUE a line.")
        raise RecipeError({"values": told})
    return RECIPES[name].changed(values)


def too_long() -> str:
    """Return what is said of a file with more than `MAX_BYTES`."""
    return said("A recipe has at most %(most)s bytes.", most=f"{MAX_BYTES:,}")
