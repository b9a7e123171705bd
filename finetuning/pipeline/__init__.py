"""The pipeline: plain functions `stage(run_dir, recipe)`; files in, files out, no Django.

A stage's manifest is written last and means that it is complete: a rerun skips it. `STAGES` names
them in their order; `python -m finetuning.pipeline STEP RUN_DIR` runs one step as a process.
"""

STAGES = ("export", "train", "convert", "register", "evaluate")
