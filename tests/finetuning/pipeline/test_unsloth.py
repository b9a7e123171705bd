"""Unsloth's backend against the pinned packages' own sources.

Unsloth imports only where there is a GPU, so its signatures are read from the wheel, which is
fetched once without its dependencies; every keyword that we pass has to be there. The same for
the older trl and transformers that Unsloth allows.
"""

import ast
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WHEELS = ROOT / "var" / "wheels"
REQUIREMENTS = ROOT / "requirements-train-gpu.txt"
PIPELINE = ROOT / "finetuning" / "pipeline"


def wheel(package: str) -> zipfile.ZipFile:
    """Return the wheel of the version that requirements-train-gpu.txt pins."""
    lines = REQUIREMENTS.read_text().splitlines()
    [pin] = [line for line in lines if line.startswith(f"{package}==")]
    name = f"{package}-{pin.partition('==')[2]}"
    if not list(WHEELS.glob(f"{name}-*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*command, "--only-binary=:all:", "--dest", str(WHEELS), pin], check=True)
    return zipfile.ZipFile(next(WHEELS.glob(f"{name}-*.whl")))


def classes(package: str, path: str) -> dict[str, ast.ClassDef]:
    with wheel(package) as archive:
        tree = ast.parse(archive.read(path))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def parameters(package: str, path: str, owner: str, method: str) -> set[str]:
    for node in classes(package, path)[owner].body:
        if isinstance(node, ast.FunctionDef) and node.name == method:
            return {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}
    raise AssertionError(f"{owner} has no {method}")


def fields(package: str, path: str, owner: str) -> set[str]:
    return {
        node.target.id
        for node in classes(package, path)[owner].body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }


def keywords(module: str, call: str) -> Iterator[str]:
    """Yield the keywords that our `module` passes to `call`."""
    for node in ast.walk(ast.parse((PIPELINE / module).read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == call:
            for keyword in node.keywords:
                assert keyword.arg is not None, "a call that nobody can check"
                yield keyword.arg


@pytest.mark.parametrize(
    ("method", "path", "owner"),
    [
        ("from_pretrained", "unsloth/models/loader.py", "FastLanguageModel"),
        ("get_peft_model", "unsloth/models/llama.py", "FastLlamaModel"),
    ],
)
def test_unsloth_takes_what_we_pass(method: str, path: str, owner: str) -> None:
    passed = set(keywords("backends.py", f"FastLanguageModel.{method}"))
    assert len(passed) >= 3
    assert passed <= parameters("unsloth", path, owner, method)


def test_the_trainer_that_unsloth_allows_takes_what_we_pass() -> None:
    passed = set(keywords("trainers/sft.py", "SFTConfig"))
    known = fields("trl", "trl/trainer/sft_config.py", "SFTConfig")
    known |= fields("trl", "trl/trainer/base_config.py", "_BaseConfig")
    known |= fields("transformers", "transformers/training_args.py", "TrainingArguments")
    assert len(passed) >= 20
    assert passed <= known, passed - known
    trainer = set(keywords("trainers/sft.py", "kind"))
    assert "processing_class" in trainer
    assert trainer <= parameters("trl", "trl/trainer/sft_trainer.py", "SFTTrainer", "__init__")


@pytest.mark.parametrize("kind", ["DPO", "KTO"])
def test_the_trainers_of_preferences_take_what_we_pass(kind: str) -> None:
    """Of the older trl that Unsloth allows, too; and our own ways into them are still theirs."""
    tree = ast.parse((PIPELINE / "trainers/preferring.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    [config] = [call for call in calls if ast.unparse(call.func) == f"{kind}Config"]
    passed = {keyword.arg for keyword in config.keywords if keyword.arg}
    [shared] = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)
    ]
    passed |= {ast.literal_eval(key) for key in shared.keys if key is not None}
    path = f"trl/trainer/{kind.lower()}"
    known = fields("trl", f"{path}_config.py", f"{kind}Config")
    known |= fields("trl", "trl/trainer/base_config.py", "_BaseConfig")
    known |= fields("transformers", "transformers/training_args.py", "TrainingArguments")
    assert len(passed) >= 20
    assert passed <= known, passed - known
    assert set(keywords("trainers/preferring.py", "kind")) <= parameters(
        "trl", f"{path}_trainer.py", f"{kind}Trainer", "__init__"
    )
    assert "dataset" in parameters(
        "trl", f"{path}_trainer.py", f"{kind}Trainer", "_prepare_dataset"
    )


@pytest.mark.parametrize(("module", "stage"), [("train.py", "train"), ("preferences.py", "prefer")])
def test_unsloth_comes_before_the_libraries_that_it_patches(module: str, stage: str) -> None:
    """`choose` imports it, and comes before every function that imports the others."""
    tree = ast.parse((PIPELINE / module).read_text())
    at_top = {ast.unparse(node) for node in tree.body if isinstance(node, ast.Import)}
    at_top |= {ast.unparse(node) for node in tree.body if isinstance(node, ast.ImportFrom)}
    others = ("trl", "transformers", "trainers")
    assert not [line for line in at_top if any(p in line for p in others)]
    [train] = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == stage]
    lines = [ast.unparse(line) for line in train.body]
    [chosen] = [index for index, line in enumerate(lines) if "backends.choose(" in line]
    patched = ("checkpoint(", "longest(", "load(", "_fit(", "check_adapter(")
    assert min(i for i, line in enumerate(lines) if any(p in line for p in patched)) > chosen
    source = (PIPELINE / "backends.py").read_text()
    choose = source[source.index("def choose(") : source.index("def load_unsloth(")]
    assert 'import_module("unsloth")' in choose
    assert "import trl" not in choose
    assert "transformers import" not in choose
