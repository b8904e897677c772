"""Losses against PyTorch, with gradients; those that PyTorch lacks are written out with its operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from tests.engine.against_torch import (
    PRECISIONS,
    bits,
    columns,
    compare,
    kind,
    normal,
    positive,
    signs,
    tensor,
    torch,
    unit,
)

import juliette_engine as je
from juliette_engine import rules

T: Any = torch.nn.functional


class Case(NamedTuple):
    """Our loss, PyTorch's, and how predictions and targets are drawn."""

    ours: Callable[..., Any]
    theirs: Callable[..., Any]
    ŷ: Callable[..., Any]
    y: Callable[..., Any]


def each(x: Any) -> Any:
    return x


def divergence(ŷ: Any, y: Any) -> Any:
    return T.kl_div(torch.log(ŷ), y, reduction="batchmean")


CASES: dict[str, Case] = {
    "mse": Case(je.mse, T.mse_loss, normal, normal),
    "mse, sum": Case(lambda ŷ, y: je.mse(ŷ, y, agg=rules.total), lambda ŷ, y: T.mse_loss(ŷ, y, reduction="sum"), normal, normal),
    "mse, each": Case(lambda ŷ, y: je.mse(ŷ, y, agg=each), lambda ŷ, y: T.mse_loss(ŷ, y, reduction="none"), normal, normal),
    "mae": Case(je.mae, T.l1_loss, normal, normal),
    "msle": Case(je.msle, lambda ŷ, y: T.mse_loss(torch.log(ŷ), torch.log(y)), positive, positive),
    "huber_loss": Case(je.huber_loss, T.huber_loss, normal, normal),
    "huber_loss, delta": Case(lambda ŷ, y: je.huber_loss(ŷ, y, delta=0.5), lambda ŷ, y: T.huber_loss(ŷ, y, delta=0.5), normal, normal),
    "crossentropy": Case(je.crossentropy, lambda ŷ, y: -(y * torch.log(ŷ)).sum(1).mean(), columns, columns),
    "crossentropy, dims": Case(
        lambda ŷ, y: je.crossentropy(ŷ, y, dims=2), lambda ŷ, y: -(y * torch.log(ŷ)).sum(0).mean(), columns, columns
    ),
    "logitcrossentropy": Case(je.logitcrossentropy, T.cross_entropy, normal, columns),
    "logitcrossentropy, sum": Case(
        lambda ŷ, y: je.logitcrossentropy(ŷ, y, agg=rules.total), lambda ŷ, y: T.cross_entropy(ŷ, y, reduction="sum"), normal, columns
    ),
    "logitcrossentropy, dims": Case(
        lambda ŷ, y: je.logitcrossentropy(ŷ, y, dims=2), lambda ŷ, y: T.cross_entropy(ŷ.T, y.T), normal, columns
    ),
    "binarycrossentropy": Case(lambda ŷ, y: je.binarycrossentropy(ŷ, y), lambda ŷ, y: -(y * ŷ.log() + (1 - y) * (1 - ŷ).log()).mean(), unit, unit),
    "logitbinarycrossentropy": Case(je.logitbinarycrossentropy, T.binary_cross_entropy_with_logits, normal, unit),
    "kldivergence": Case(je.kldivergence, divergence, columns, columns),
    "poisson_loss": Case(je.poisson_loss, lambda ŷ, y: T.poisson_nll_loss(ŷ, y, log_input=False, eps=0), positive, positive),
    "hinge_loss": Case(je.hinge_loss, lambda ŷ, y: T.relu(1 - ŷ * y).mean(), normal, signs),
    "squared_hinge_loss": Case(je.squared_hinge_loss, lambda ŷ, y: (T.relu(1 - ŷ * y) ** 2).mean(), normal, signs),
    "dice_coeff_loss": Case(
        je.dice_coeff_loss, lambda ŷ, y: 1 - (2 * (y * ŷ).sum() + 1) / ((y * y).sum() + (ŷ * ŷ).sum() + 1), unit, bits
    ),
    "tversky_loss": Case(
        je.tversky_loss,
        lambda ŷ, y: 1 - ((y * ŷ).sum() + 1) / ((y * ŷ + 0.7 * (1 - y) * ŷ + 0.3 * y * (1 - ŷ)).sum() + 1), unit, bits,
    ),
    "binary_focal_loss": Case(
        je.binary_focal_loss,
        lambda ŷ, y: (-((1 - (p := y * ŷ + (1 - y) * (1 - ŷ))) ** 2) * p.log()).mean(), unit, bits,
    ),
    "focal_loss": Case(
        lambda ŷ, y: je.focal_loss(ŷ, y, gamma=1.5), lambda ŷ, y: (-y * (1 - ŷ) ** 1.5 * ŷ.log()).sum(1).mean(), columns, columns
    ),
    "siamese_contrastive_loss": Case(
        lambda ŷ, y: je.siamese_contrastive_loss(ŷ, y, margin=1.2),
        lambda ŷ, y: ((1 - y) * ŷ**2 + y * T.relu(1.2 - ŷ) ** 2).mean(), positive, bits,
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("name", CASES)
def test_loss(name: str, dtype: str) -> None:
    case = CASES[name]
    compare(case.ours, case.theirs, [case.ŷ(5, 7), case.y(5, 7)], dtype)


def test_binary_crossentropy_of_truths() -> None:
    """The predictions' gradient where targets are true or false (PyTorch has none for the targets)."""
    y = kind(bits(5, 7), "float32")
    compare(
        lambda ŷ: je.binarycrossentropy(ŷ, y == 1),
        lambda ŷ: T.binary_cross_entropy(ŷ, tensor(y).detach()),
        [unit(5, 7)],
        "float32",
    )


def test_crossentropy_of_classes_and_smoothed_labels() -> None:
    """Targets that PyTorch takes as numbers of classes, smoothed by it."""
    logits, classes = normal(5, 7), np.array([0, 4, 2, 2, 1, 3, 0])
    onehot = np.eye(5)[:, classes]
    for α in (0.1, 0.4):
        ours = je.logitcrossentropy(logits, je.label_smoothing(onehot, α))
        theirs = T.cross_entropy(tensor(logits), torch.tensor(classes), label_smoothing=α)
        assert float(ours) == pytest.approx(theirs.item())
    assert float(je.logitcrossentropy(logits, onehot)) == pytest.approx(
        T.cross_entropy(tensor(logits), torch.tensor(classes)).item()
    )


# Labels of a sequence: with and without repetition, as long as the time allows, and none.
LABELS = ([0, 1, 2], [1, 1, 3], [0, 0, 0, 0], [2], [3, 2, 1, 0, 1, 2, 3], [])


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("labels", LABELS, ids=str)
def test_temporal_classification(labels: list[int], dtype: str) -> None:
    """The blank is the last class, and the scores are logits."""

    def theirs(x: Any) -> Any:
        scores = T.log_softmax(x, 1)[:, None]
        return T.ctc_loss(
            scores,
            torch.tensor([labels], dtype=torch.long),
            torch.tensor([8]),
            torch.tensor([len(labels)]),
            blank=4,
            reduction="sum",
        )

    compare(
        lambda x: je.ctc_loss(x, np.array(labels, dtype=int) + 1), theirs, [normal(5, 8)], dtype
    )


def test_losses_stay_finite_where_pytorchs_do() -> None:
    """Far from zero the stable forms neither overflow nor lose their gradient."""
    far = kind(np.array([[300.0, -300.0], [-300.0, 300.0]]), "float32")
    y = kind(np.eye(2), "float32")
    for ours, theirs in (
        (je.logitcrossentropy, T.cross_entropy),
        (je.logitbinarycrossentropy, T.binary_cross_entropy_with_logits),
    ):
        for target in (y, 1 - y):
            value, (g, _) = je.withgradient(ours, far, np.asfortranarray(target))
            t = tensor(far)
            expected = theirs(t, tensor(np.asfortranarray(target)))
            expected.backward()
            assert float(value) == pytest.approx(expected.item())
            np.testing.assert_allclose(g, t.grad.numpy().T, atol=1e-6)
