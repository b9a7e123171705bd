"""The pipeline: plain functions `stage(run, recipe)`; files in, files out, no Django.

Those that ask the model servers are told which they are: `stage(run, recipe, *servers)`. The first
one has to answer.

A stage's manifest is written last and means that it is complete: a rerun skips it. A stage has one
step or several, each a process of its own in one of the two environments:
`python -m finetuning.pipeline STEP RUN_DIR`.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """The function of the step's name in `module`; `in_trainer` if it needs torch.

    One that is `on_server` asks the model servers.
    """

    module: str
    in_trainer: bool = False
    on_server: bool = False


STEPS = {
    "export": Step("export"),
    "train": Step("train", in_trainer=True),
    "choose": Step("preferences"),
    "prefer": Step("preferences", in_trainer=True),
    "convert": Step("convert", in_trainer=True),
    "merge": Step("convert", in_trainer=True),
    "register": Step("register", on_server=True),
    "compare": Step("compare", on_server=True),
    "measure": Step("measure", in_trainer=True),
    "judge": Step("judge"),
}
# Stage -> its steps, both in their order. "merge" and a second "register" come in when the server
# refuses adapters.
STAGES = {
    "export": ("export",),
    "train": ("train",),
    "preferences": ("choose", "prefer"),
    "convert": ("convert",),
    "register": ("register",),
    "evaluate": ("compare", "measure", "judge"),
}
