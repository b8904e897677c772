"""Layers: callables with parameters, printed as Flux prints them.

- `layer`: fields, constructors, and what all layers share
- `basic`: Dense, Scale, Bilinear, Embedding
- `containers`: Chain, Parallel, SkipConnection and the others made of layers
- `normalise`: BatchNorm and its kin, Dropout
- `recurrent`: RNN, LSTM, GRU in both styles
- `conv`: convolutions and pooling
- `sampling`: Upsample, PixelShuffle, MultiHeadAttention
- `weightnorm`: WeightNorm
"""

from juliette_engine.layers.basic import Bilinear, Dense, Embedding, EmbeddingBag, Scale
from juliette_engine.layers.containers import (
    Chain,
    Maxout,
    PairwiseFusion,
    Parallel,
    SkipConnection,
)
from juliette_engine.layers.conv import (
    AdaptiveMaxPool,
    AdaptiveMeanPool,
    Conv,
    ConvTranspose,
    CrossCor,
    GlobalMaxPool,
    GlobalMeanPool,
    MaxPool,
    MeanPool,
    SamePad,
    depthwise,
)
from juliette_engine.layers.layer import InOut, Keyword, Layer
from juliette_engine.layers.normalise import (
    AlphaDropout,
    BatchNorm,
    Dropout,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    testmode,
    trainmode,
)
from juliette_engine.layers.recurrent import (
    GRU,
    LSTM,
    RNN,
    GRUCell,
    GRUCellStateful,
    GRUv3,
    GRUv3Cell,
    GRUv3CellStateful,
    LSTMCell,
    LSTMCellStateful,
    Recur,
    Recurrence,
    RNNCell,
    RNNCellStateful,
    reset,
)
from juliette_engine.layers.sampling import MultiHeadAttention, PixelShuffle, Upsample
from juliette_engine.layers.weightnorm import WeightNorm, remove_weight_norms

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "AdaptiveMaxPool",
    "AdaptiveMeanPool",
    "AlphaDropout",
    "BatchNorm",
    "Bilinear",
    "Chain",
    "Conv",
    "ConvTranspose",
    "CrossCor",
    "Dense",
    "Dropout",
    "Embedding",
    "EmbeddingBag",
    "GRUCell",
    "GRUCellStateful",
    "GRUv3",
    "GRUv3Cell",
    "GRUv3CellStateful",
    "GlobalMaxPool",
    "GlobalMeanPool",
    "GroupNorm",
    "InOut",
    "InstanceNorm",
    "Keyword",
    "LSTMCell",
    "LSTMCellStateful",
    "Layer",
    "LayerNorm",
    "MaxPool",
    "Maxout",
    "MeanPool",
    "MultiHeadAttention",
    "PairwiseFusion",
    "Parallel",
    "PixelShuffle",
    "RNNCell",
    "RNNCellStateful",
    "Recur",
    "Recurrence",
    "SamePad",
    "Scale",
    "SkipConnection",
    "Upsample",
    "WeightNorm",
    "depthwise",
    "remove_weight_norms",
    "reset",
    "testmode",
    "trainmode",
]  # fmt: skip
