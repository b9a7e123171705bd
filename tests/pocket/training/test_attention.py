"""The training's own attention is torch's, forwards and backwards, as it is in a compiled model."""

import subprocess
import textwrap

from django.conf import settings

_COMPARE = textwrap.dedent("""
    import torch
    from torch.nn.functional import scaled_dot_product_attention
    from pocket.training.attention import causal_attention

    torch.manual_seed(1)
    for length in (1, 5, 127, 128, 129, 256, 300):  # blocks are of 128
        for kind, exact in ((torch.float32, {}), (torch.bfloat16, {"atol": 0.03, "rtol": 0.03})):
            shape = (2, 3, length, 16)
            inputs = [torch.randn(shape).to(kind).requires_grad_() for _ in range(3)]
            ours = causal_attention(*inputs)
            theirs = scaled_dot_product_attention(*inputs, is_causal=True)
            torch.testing.assert_close(ours, theirs, **exact)
            upstream = torch.randn(shape).to(kind)
            torch.testing.assert_close(
                torch.autograd.grad(ours, inputs, upstream),
                torch.autograd.grad(theirs, inputs, upstream),
                **exact,
            )
        # Shapes as the compiler is told them, and gradients, beside what the operator does.
        flat = [tensor.detach().flatten(0, 1).requires_grad_() for tensor in inputs]
        torch.library.opcheck(torch.ops.pocket.attend.default, flat)
    print("the same")
""")


def test_attention_is_torchs() -> None:
    assert settings.TRAIN_PYTHON, "the trainer's environment is missing: make train-env"
    command = [settings.TRAIN_PYTHON, "-c", _COMPARE]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=settings.BASE_DIR
    )
    assert done.stdout == "the same\n", done.stderr
