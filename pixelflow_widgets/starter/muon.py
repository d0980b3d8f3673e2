"""The Muon optimizer for weight matrices and convolutions, where it needs fewer pictures than AdamW."""

from collections import defaultdict
from collections.abc import Iterable

import torch


class Muon(torch.optim.Optimizer):
    """Steps along the orthogonalised momentum (Jordan et al. 2024, kellerjordan.github.io/posts/muon).

    A convolution counts as a matrix (out, in * height * width). The step is scaled as in arXiv 2502.16982, so that
    AdamW's learning rates and weight decays carry over.
    """

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.0
    ) -> None:
        """Takes parameters of two or more dimensions only."""
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:
        """Updates every parameter that has a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[torch.nn.Parameter]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None:
                    by_shape[weight.flatten(1).shape].append(weight)
            for shape, weights in by_shape.items():
                directions = orthogonalise(torch.stack([self._momentum(weight, group) for weight in weights]))
                length = 0.2 * max(shape) ** 0.5
                for weight, direction in zip(weights, directions, strict=True):
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    weight.add_(direction.view(weight.shape), alpha=-group["lr"] * length)

    def _momentum(self, weight: torch.nn.Parameter, group: dict) -> torch.Tensor:
        """Moves the weight's momentum and returns the Nesterov direction as a matrix."""
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
        return weight.grad.lerp(state["momentum"], group["momentum"]).flatten(1)


def orthogonalise(matrices: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """Brings the singular values of (n, rows, columns) near 1 by Newton and Schulz's iteration, without an SVD.

    All rounds are polynomials of the small Gram matrix, so the large one is multiplied only at the start and the end.
    """
    tall = matrices.size(1) > matrices.size(2)
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    identity = torch.eye(gram.size(-1), dtype=x.dtype)
    product = identity
    for _ in range(rounds):
        polynomial = 3.4445 * identity - 4.7750 * gram + 2.0315 * gram @ gram
        gram = polynomial @ gram @ polynomial
        product = polynomial @ product
    x = product @ x
    return x.mT if tall else x
