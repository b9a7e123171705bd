"""Teach MiniLM what is not for children.

    python -m pocket.training.children            # into prose/children/classifier.npz

Needs requirements-train-cpu.txt. Prints how passages are judged by models that have not seen them,
four of them, sets the threshold by that, and learns from all; 27 minutes on one core with AMX.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pocket.measuring import for_children
from pocket.training.children import material, tuning, validating
from prose.children import encoder


def main() -> None:
    """Tune the model, print how unseen passages would be judged, and write what it learned."""
    parser = argparse.ArgumentParser(prog="python -m pocket.training.children", description=__doc__)
    parser.add_argument("--seed", type=int, default=3407)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, default=encoder.CLASSIFIER)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    rows = material.labelled(for_children.PASSAGES / "taught")
    found = validating.together(
        validating.unseen(fold, rows, options.seed) for fold in range(material.FOLDS)
    )
    zero = validating.threshold(found)
    print(validating.table(found, zero))
    learned: dict[str, Any] = tuning.fit(rows, for_children.paragraphs(0), options.seed).learned()
    learned["biases"][1:] -= zero
    np.savez_compressed(options.output, **learned)


if __name__ == "__main__":
    main()
