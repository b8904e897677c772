"""The functions that layers are made of, each with its derivatives to any order.

- `affine`: fully connected layers as one record
- `convolution`: convolution, its transpose, windows as columns
- `convolving`: a layer of convolution as one record
- `pooling`: largest, mean and norm of windows
- `gathering`: products of batches of matrices; gather and scatter
- `padding`: constants or own elements around an array
- `upsampling`: larger images
- `warping`: images sampled on a grid, turned round a point
- `crossentropies`: means of crossentropies as one record
- `recurrent`: recurrences over time as one record
- `gated`: steps of gated cells as one record
- `dropping`: dropout, gates
- `spectral`: short-time Fourier transforms and spectrograms
- `attention`: scaled dot-product attention
- `criteria`: mean squares as one record
- `standardising`: zero mean and unit variance over some dimensions as one record
- `ctc`: all alignments of labels with a sequence as one record
"""

from juliette_engine.functions.affine import bias_act, dense
from juliette_engine.functions.attention import dot_product_attention, make_causal_mask
from juliette_engine.functions.convolution import (
    conv,
    conv_data,
    conv_filter,
    conv_transpose,
    fold,
    unfold,
)
from juliette_engine.functions.convolving import conv_layer
from juliette_engine.functions.dropping import dropout, glu
from juliette_engine.functions.gathering import (
    batched_adjoint,
    batched_mul,
    batched_transpose,
    batched_vec,
    gather,
    scatter,
)
from juliette_engine.functions.padding import (
    pad_circular,
    pad_constant,
    pad_reflect,
    pad_repeat,
    pad_symmetric,
    pad_zeros,
)
from juliette_engine.functions.pooling import adaptive, lpnormpool, maxpool, meanpool
from juliette_engine.functions.recurrent import rnn
from juliette_engine.functions.spectral import istft, spectrogram, stft
from juliette_engine.functions.upsampling import (
    pixel_shuffle,
    upsample_linear,
    upsample_nearest,
)
from juliette_engine.functions.warping import grid_sample, imrotate

__all__ = [
    "adaptive",
    "batched_adjoint",
    "batched_mul",
    "batched_transpose",
    "batched_vec",
    "bias_act",
    "conv",
    "conv_data",
    "conv_filter",
    "conv_layer",
    "conv_transpose",
    "dense",
    "dot_product_attention",
    "dropout",
    "fold",
    "gather",
    "glu",
    "grid_sample",
    "imrotate",
    "istft",
    "lpnormpool",
    "make_causal_mask",
    "maxpool",
    "meanpool",
    "pad_circular",
    "pad_constant",
    "pad_reflect",
    "pad_repeat",
    "pad_symmetric",
    "pad_zeros",
    "pixel_shuffle",
    "rnn",
    "scatter",
    "spectrogram",
    "stft",
    "unfold",
    "upsample_linear",
    "upsample_nearest",
]  # fmt: skip
