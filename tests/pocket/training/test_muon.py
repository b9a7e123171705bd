"""The training's Muon is torch's, and its workers together do what one does alone."""

import subprocess
import textwrap
from pathlib import Path

from django.conf import settings

_COMPARE = textwrap.dedent("""
    import sys
    import torch
    import torch.distributed as dist
    from pocket.training.muon import Muon, orthogonal

    SHAPES = ((64, 32), (32, 64), (48, 48))

    def trained(make):
        torch.manual_seed(1)
        matrices = [torch.randn(shape).requires_grad_() for shape in SHAPES]
        optimizer = make(matrices)
        for rate in (0.1, 0.05, 0.01):
            for matrix in matrices:
                matrix.grad = torch.randn_like(matrix)
            optimizer.param_groups[0]["lr"] = rate
            optimizer.step()
        return [matrix.detach() for matrix in matrices]

    def ours(kind, **workers):
        return trained(
            lambda ms: Muon(ms, lr=1.0, weight_decay=0.1, arithmetic=kind, **workers)
        )

    theirs = trained(lambda ms: torch.optim.Muon(
        ms, lr=1.0, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
    ))
    torch.testing.assert_close(ours(torch.bfloat16), theirs)
    alone = ours(torch.float32)
    torch.testing.assert_close(alone, theirs, atol=0.004, rtol=0)
    singular = torch.linalg.svdvals(orthogonal(torch.randn(64, 32), torch.float32))
    assert 0.5 < singular.min() and singular.max() < 1.5, singular

    rank, meeting = int(sys.argv[1]), sys.argv[2]
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=2)
    torch.testing.assert_close(ours(torch.float32, rank=rank, workers=2), alone)
    print("the same")
""")


def test_muon_is_torchs_alone_and_in_company(tmp_path: Path) -> None:
    assert settings.TRAIN_PYTHON, "the trainer's environment is missing: make train-env"
    command = [settings.TRAIN_PYTHON, "-c", _COMPARE]
    workers = [
        subprocess.Popen(
            [*command, str(rank), str(tmp_path / "meeting")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
        )
        for rank in range(2)
    ]
    outputs = [worker.communicate() for worker in workers]
    for output, errors in outputs:
        assert output == "the same\n", errors
