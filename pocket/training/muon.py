"""Muon (Jordan et al., 2024), the optimizer of the layers' matrices: its steps are orthogonal.

torch's own always computes in bfloat16, which some processors only imitate, and every worker of a
run would find the same directions. Here the arithmetic is chosen, and each worker finds its share.
"""

import math
from collections.abc import Iterable

import torch
import torch.distributed as dist

# The authors' polynomial and number of rounds: most singular values end between about 0.7 and 1.2,
# and the smallest of a square matrix stay small.
_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5
_MOMENTUM = 0.95


def orthogonal(matrix: torch.Tensor, arithmetic: torch.dtype) -> torch.Tensor:
    """Return nearly the orthogonal matrix next to `matrix`: most singular values are about one."""
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).to(arithmetic)
    x = x / x.norm().clamp(min=1e-7)
    first, third, fifth = _COEFFICIENTS
    for _ in range(_ROUNDS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=third, alpha=fifth), x, beta=first)
    return (x.T if tall else x).to(matrix.dtype)


class Muon(torch.optim.Optimizer):  # type: ignore[misc]  # torch is not in this environment
    """Muon with Nesterov's momentum; its rate is that of an AdamW beside it.

    All `workers` hold the same matrices and gradients, and call `step` together.
    """

    def __init__(
        self,
        matrices: Iterable[torch.Tensor],
        *,
        lr: float,
        weight_decay: float,
        arithmetic: torch.dtype,
        rank: int = 0,
        workers: int = 1,
    ) -> None:
        super().__init__(matrices, {"lr": lr, "weight_decay": weight_decay})
        self._arithmetic, self._rank, self._workers = arithmetic, rank, workers

    def step(self, closure: None = None) -> None:
        """Change every matrix by its gradient."""
        with torch.no_grad():
            self._step()

    def _step(self) -> None:
        for group in self.param_groups:
            matrices, rate = group["params"], group["lr"]
            directions = [self._direction(number, m) for number, m in enumerate(matrices)]
            flat = torch.cat([direction.flatten() for direction in directions])
            if self._workers > 1:
                dist.all_reduce(flat)
            parts = flat.split([matrix.numel() for matrix in matrices])
            for matrix, part in zip(matrices, parts, strict=True):
                matrix.mul_(1 - rate * group["weight_decay"])
                # As large as a step of AdamW's.
                scale = 0.2 * math.sqrt(max(matrix.shape))
                matrix.add_(part.view_as(matrix), alpha=-rate * scale)

    def _direction(self, number: int, matrix: torch.Tensor) -> torch.Tensor:
        """Return where `matrix` is to go, or nothing if that is another worker's to find."""
        state = self.state[matrix]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        momentum = state["momentum_buffer"]
        momentum.lerp_(matrix.grad, 1 - _MOMENTUM)
        if number % self._workers != self._rank:
            return torch.zeros_like(matrix)
        return orthogonal(matrix.grad.lerp(momentum, _MOMENTUM), self._arithmetic)
