"""Every name that Flux and its packages export is there, or says why it is not.

The lists name what the packages export, by version: Flux 0.14 and 0.16, NNlib 0.9, Optimisers 0.4,
Functors 0.5, OneHotArrays 0.2, MLUtils 0.4.
"""

from __future__ import annotations

import io
from typing import Any

import pytest

from juliette.interpreter import Interpreter

LAYERS = """
    Chain Dense Embedding EmbeddingBag Maxout SkipConnection Parallel PairwiseFusion RNN LSTM GRU GRUv3 SamePad Conv
    CrossCor ConvTranspose DepthwiseConv AdaptiveMaxPool AdaptiveMeanPool GlobalMaxPool GlobalMeanPool MaxPool MeanPool
    Dropout AlphaDropout LayerNorm BatchNorm InstanceNorm GroupNorm Upsample PixelShuffle MultiHeadAttention
    fmap cpu gpu f16 f32 f64 rand32 randn32 zeros32 ones32 testmode! trainmode! @autosize gradient
"""
RULES = """
    Descent Adam Momentum Nesterov RMSProp AdaGrad AdaMax AdaDelta AMSGrad NAdam OAdam AdamW RAdam AdaBelief WeightDecay
    ClipNorm OptimiserChain
"""
EXPORTS = {
    "Flux 0.14": f"{LAYERS} {RULES} InvDecay ExpDecay ClipValue ClipGrad",
    "Flux 0.16": f"""{LAYERS} {RULES} RNNCell LSTMCell GRUCell GRUv3Cell Recurrence WeightNorm Lion Rprop SignDecay
        ClipGrad AccumGrad withgradient trainables cpu_device gpu_device""",
    "NNlib": """
        ConvDims DenseConvDims PoolDims DepthwiseConvDims σ hardσ hardtanh relu leakyrelu relu6 rrelu elu gelu
        gelu_tanh gelu_sigmoid gelu_erf swish hardswish lisht celu selu trelu softplus softsign logσ logcosh mish tanhshrink
        softshrink sigmoid_fast tanh_fast sigmoid hardsigmoid logsigmoid thresholdrelu dot_product_attention
        dot_product_attention_scores make_causal_mask dropout dropout! softmax softmax! ∇softmax ∇softmax! logsoftmax
        logsoftmax! ∇logsoftmax ∇logsoftmax! logsumexp batched_mul batched_mul! ⊠ batched_vec batched_transpose
        batched_adjoint grid_sample ∇grid_sample conv conv! ∇conv_data ∇conv_data! ∇conv_filter ∇conv_filter! depthwiseconv
        depthwiseconv! ∇depthwiseconv_data ∇depthwiseconv_data! ∇depthwiseconv_filter ∇depthwiseconv_filter! conv_bias_act
        conv_bias_act! bias_act! ctc_loss maxpool maxpool! meanpool meanpool! lpnormpool lpnormpool! ∇maxpool ∇maxpool!
        ∇meanpool ∇meanpool! ∇lpnormpool ∇lpnormpool! pad_constant pad_repeat pad_reflect pad_zeros pad_symmetric
        pad_circular upsample_nearest ∇upsample_nearest upsample_linear ∇upsample_linear upsample_bilinear
        ∇upsample_bilinear upsample_trilinear ∇upsample_trilinear pixel_shuffle imrotate ∇imrotate stft istft hann_window
        hamming_window spectrogram melscale_filterbanks""",
    "Optimisers": f"""{RULES} AbstractRule destructure trainables KeyPath haskeypath getkeypath Rprop SignDecay ClipGrad
        Lion AccumGrad Apollo NormGrowthCap""",
    "Functors": """
        @functor @leaf fmap fmapstructure fcollect fleaves execute fmap_with_path fmapstructure_with_path KeyPath getkeypath
        haskeypath setkeypath!""",
    "OneHotArrays": "onehot onehotbatch onecold OneHotArray OneHotVector OneHotMatrix OneHotLike",
    "MLUtils": """
        numobs getobs getobs! mapobs filterobs groupobs joinobs shuffleobs batchsize BatchView eachobs DataLoader kfolds
        leavepout obsview ObsView randobs oversample undersample splitobs slidingwindow batch batchseq batch_sequence chunk
        fill_like flatten group_counts group_indices normalise ones_like rand_like randn_like rpad_constant stack unbatch
        unsqueeze unstack zeros_like Datasets load_iris""",
}  # fmt: skip
# What tutorials write with `Flux.` before it, in either era.
QUALIFIED = """
    mse mae msle huber_loss crossentropy logitcrossentropy binarycrossentropy logitbinarycrossentropy kldivergence
    poisson_loss hinge_loss squared_hinge_loss dice_coeff_loss tversky_loss binary_focal_loss focal_loss
    siamese_contrastive_loss label_smoothing ctc_loss Losses glorot_uniform glorot_normal kaiming_uniform kaiming_normal
    truncated_normal lecun_normal orthogonal sparse_init identity_init create_bias nfan onehot onehotbatch onecold DataLoader
    setup train! update! params state loadmodel! destructure outputsize reset! modules activations patience early_stopping
    plateau throttle freeze! thaw! adjust! trainable @functor @layer Scale Bilinear flatten unsqueeze batch unbatch chunk
    stack unstack normalise splitobs Optimise Zygote Optimisers NNlib OneHotArrays MLUtils dropout gpu_backend! get_device
    LazyLayer striplazy autosizefor convfilter depthwiseconvfilter ofeltype epseltype istraining hasaffine
"""


WITH_ABSENT = ("Flux", "Optimisers", "MLUtils")


def module_of(package: str) -> Any:
    """A package's module, as a session finds it."""
    from juliette.runtime.modules import PACKAGES

    session = Interpreter(stdout=io.StringIO())
    name, _, version = package.partition(" ")
    if version:
        session.run(f'using Pkg; Pkg.add(name = "Flux", version = "{version}")')
    outcome = session.run(f"using {name}")
    assert outcome.error is None
    return PACKAGES[name]


def absent_names(package: str) -> list[str]:
    """The names of a package that say why they are not there."""
    from juliette.packages.flux.absent import ABSENT

    return " ".join(ABSENT.get(package.partition(" ")[0], {}).values()).split()


def missing(module: Any, names: str) -> list[str]:
    return [n for n in names.split() if n not in module.bindings and n not in module.visible]


@pytest.mark.parametrize("package", EXPORTS)
def test_exported_names(package: str) -> None:
    module = module_of(package)
    assert missing(module, EXPORTS[package]) == []
    known = {*module.exports, *module.visible, *absent_names(package)}
    assert [n for n in EXPORTS[package].split() if n not in known] == [], "not exported"


@pytest.mark.parametrize("era", ["Flux 0.14", "Flux 0.16"])
def test_qualified_names(era: str) -> None:
    assert missing(module_of(era), QUALIFIED) == []


@pytest.mark.parametrize("package", WITH_ABSENT)
def test_absent_names_say_so(package: str) -> None:
    from juliette.runtime.errors import ErrorException

    module = module_of(package)
    assert absent_names(package)
    for name in absent_names(package):
        with pytest.raises(ErrorException, match=f"`{package}.{name}` is not available here"):
            module.bindings[name](1)
