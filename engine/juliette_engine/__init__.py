"""Reverse-mode automatic differentiation and layers on numpy.

- `blas`: the threads and kernels of numpy's BLAS
- `tape`: nodes, the tape, nesting by levels
- `numeric`: the functions that rules are written with, on arrays and on numbers
- `program`: straight-line programs made from rules
- `fusion`: a tree of elementwise calls as one kernel and one record
- `blocks`, `long`: the same over long arrays, block by block
- `deferred`: operations on long arrays that wait for the next one
- `elementwise`: the table of elementwise operations
- `primitives`: operations on whole arrays
- `linalg`: solving, inverses, determinants, factorizations
- `spectra`: eigenvalues, singular values, functions of matrices
- `operators`: Python's operators and numpy's functions on nodes
- `array_operators`: operators on traced arrays, written out for what most are
- `rules`: all differentiable operations under one name each
- `gradients`: pullback, gradient, Params and Grads
- `forward`: forward mode: changes that go with the values
- `changes`: how they go through operations on whole arrays
- `jacobians`: Jacobians and Hessians
- `activations`: elementwise functions for layers
- `functions`: what layers are made of: dense, conv, pools, gather, padding, recurrences, attention
- `initialisers`: first weights
- `losses`: what training makes small
- `trees`: models as trees, and walks over them
- `layers`: Dense, Chain and the others
- `text`: small values as Julia writes them
- `sizes`: the bytes of a model
- `show`: how models print
- `optimise`: rules, state trees, training
- `data`: batches, one-hot arrays
- `vectors`: all parameters in one vector
- `errors`: what can go wrong
"""

from juliette_engine import blas
from juliette_engine.activations import (
    celu,
    elu,
    gelu,
    gelu_erf,
    hardsigmoid,
    hardswish,
    hardtanh,
    hardσ,
    identity,
    leakyrelu,
    lisht,
    logcosh,
    logsigmoid,
    logσ,
    mish,
    relu,
    relu6,
    rrelu,
    selu,
    sigmoid,
    sigmoid_fast,
    softplus,
    softshrink,
    softsign,
    swish,
    tanh,
    tanh_fast,
    tanhshrink,
    trelu,
    σ,
)
from juliette_engine.gradients import (
    GradientError,
    Grads,
    Parameter,
    Params,
    gradient,
    params,
    pullback,
    register_lender,
    register_lifter,
    withgradient,
)
from juliette_engine.jacobians import (
    diaghessian,
    hessian,
    hessian_reverse,
    jacobian,
    pushforward,
    withjacobian,
)
from juliette_engine.data import DataLoader, flatten, onecold, onehotbatch
from juliette_engine.errors import ArgumentError, DimensionMismatch, DomainError, UsageError
from juliette_engine.initialisers import (
    glorot_normal, glorot_uniform, identity_init, kaiming_normal, kaiming_uniform, lecun_normal,
    ones32, orthogonal, rand32, randn32, set_random_source, sparse_init, truncated_normal, zeros32,
)  # fmt: skip
from juliette_engine.layers import (
    GRU, LSTM, RNN, AlphaDropout, BatchNorm, Bilinear, Chain, Dense, Dropout, Embedding,
    EmbeddingBag, GroupNorm, GRUCell, GRUv3, GRUv3Cell, InstanceNorm, LayerNorm, LSTMCell, Maxout,
    PairwiseFusion, Parallel, Recur, Recurrence, RNNCell, Scale, SkipConnection, reset,
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, CrossCor, GlobalMaxPool, GlobalMeanPool, MaxPool, MeanPool, MultiHeadAttention, PixelShuffle, SamePad, Upsample,
)  # fmt: skip
from juliette_engine.losses import (
    binary_focal_loss, binarycrossentropy, crossentropy, ctc_loss, dice_coeff_loss, focal_loss,
    hinge_loss, huber_loss, kldivergence, label_smoothing, logitbinarycrossentropy,
    logitcrossentropy, logsumexp, mae, mse, msle, poisson_loss, siamese_contrastive_loss,
    squared_hinge_loss, tversky_loss,
)  # fmt: skip
from juliette_engine.optimise import (
    AccumGrad, AdaBelief, AdaDelta, AdaGrad, Adam, AdaMax, AdamW, AMSGrad, ClipGrad, ClipNorm,
    Descent, Leaf, Lion, MixedPrecision, Momentum, NAdam, Nesterov, OAdam, OptimiserChain, RAdam,
    RMSProp, Rprop, SignDecay, WeightDecay, adjust, freeze, setup, thaw, train, update,
)  # fmt: skip
from juliette_engine.rules import logsoftmax, softmax
from juliette_engine.show import show_model
from juliette_engine.tape import primal
from juliette_engine.trees import fmap, trainables
from juliette_engine.vectors import destructure

__all__ = [
    "blas",
    "trainables",
    "onehotbatch",
    "onecold",
    "fmap",
    "destructure",
    "flatten",
    "AdaptiveMaxPool",
    "AdaptiveMeanPool",
    "Conv",
    "ConvTranspose",
    "CrossCor",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "MaxPool",
    "MeanPool",
    "MultiHeadAttention",
    "PixelShuffle",
    "SamePad",
    "Upsample",
    "AMSGrad",
    "AccumGrad",
    "AdaBelief",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "AdamW",
    "AlphaDropout",
    "ArgumentError",
    "BatchNorm",
    "Bilinear",
    "Chain",
    "ClipGrad",
    "ClipNorm",
    "DataLoader",
    "Dense",
    "Descent",
    "DimensionMismatch",
    "DomainError",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "GRU",
    "GRUCell",
    "GRUv3",
    "GRUv3Cell",
    "GradientError",
    "Grads",
    "GroupNorm",
    "InstanceNorm",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "Leaf",
    "Lion",
    "Maxout",
    "MixedPrecision",
    "Momentum",
    "NAdam",
    "Nesterov",
    "OAdam",
    "OptimiserChain",
    "PairwiseFusion",
    "Parallel",
    "Parameter",
    "Params",
    "RAdam",
    "RMSProp",
    "RNN",
    "RNNCell",
    "Recur",
    "Recurrence",
    "Rprop",
    "Scale",
    "SignDecay",
    "SkipConnection",
    "UsageError",
    "WeightDecay",
    "adjust",
    "binary_focal_loss",
    "binarycrossentropy",
    "celu",
    "crossentropy",
    "diaghessian",
    "ctc_loss",
    "dice_coeff_loss",
    "elu",
    "focal_loss",
    "freeze",
    "gelu",
    "gelu_erf",
    "glorot_normal",
    "glorot_uniform",
    "gradient",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hardσ",
    "hessian",
    "hessian_reverse",
    "hinge_loss",
    "huber_loss",
    "identity",
    "identity_init",
    "jacobian",
    "kaiming_normal",
    "kaiming_uniform",
    "kldivergence",
    "label_smoothing",
    "leakyrelu",
    "lecun_normal",
    "lisht",
    "logcosh",
    "logitbinarycrossentropy",
    "logitcrossentropy",
    "logsigmoid",
    "logsoftmax",
    "logsumexp",
    "logσ",
    "mae",
    "mish",
    "mse",
    "msle",
    "ones32",
    "orthogonal",
    "params",
    "poisson_loss",
    "primal",
    "pullback",
    "pushforward",
    "rand32",
    "randn32",
    "register_lender",
    "register_lifter",
    "relu",
    "relu6",
    "reset",
    "rrelu",
    "selu",
    "set_random_source",
    "setup",
    "show_model",
    "siamese_contrastive_loss",
    "sigmoid",
    "sigmoid_fast",
    "softmax",
    "softplus",
    "softshrink",
    "softsign",
    "sparse_init",
    "squared_hinge_loss",
    "swish",
    "tanh",
    "tanh_fast",
    "tanhshrink",
    "thaw",
    "train",
    "trelu",
    "truncated_normal",
    "tversky_loss",
    "update",
    "withgradient",
    "withjacobian",
    "zeros32",
    "σ",
]
