"""Short-time Fourier transforms, spectrograms, and filters on the mel scale.

Signals are `time` or `time × batch`; transforms `frequency × frames` or `frequency × frames × batch`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from juliette_engine.elementwise import absolute, div, mul, power
from juliette_engine.errors import ArgumentError, Inapplicable
from juliette_engine.functions.padding import pad_reflect, pad_zeros
from juliette_engine.primitive import primitive, shape
from juliette_engine.primitives import getitem, reshape
from juliette_engine.tape import primal


def _weights(n: int, dtype: Any, ndim: int) -> Any:
    """How often each frequency of a real signal of length `n` occurs in its full transform."""
    w = np.full(n // 2 + 1, 2, np.empty(0, dtype).real.dtype)
    w[0] = 1
    if n % 2 == 0:
        w[-1] = 1
    return w.reshape((-1, *(1,) * (ndim - 1)))


def _rfft_partial(g: Any, y: Any, x: Any) -> Any:
    n = shape(x)[0]
    w = _weights(n, primal(x).dtype, len(shape(x)))
    return irfft(mul(g, n / w), n=n)


@primitive(_rfft_partial, name="rfft")
def rfft(x: Any) -> Any:
    """The Fourier transform of real columns, up to half the sampling rate."""
    return np.asfortranarray(np.fft.rfft(x, axis=0))


@primitive(
    lambda g, y, z, *, n: mul(
        rfft(g), _weights(n, primal(g).dtype, len(shape(g))) / primal(g).dtype.type(n)
    ),
    name="irfft",
)
def irfft(z: Any, *, n: int) -> Any:
    """The real columns of length `n` whose transform is given."""
    return np.asfortranarray(np.fft.irfft(z, n, axis=0))


@primitive(lambda g, y, x: mul(ifft(g), float(shape(x)[0])), name="fft")  # type: ignore[has-type]
def fft(x: Any) -> Any:
    """The Fourier transform of columns."""
    return np.asfortranarray(np.fft.fft(x, axis=0))


@primitive(lambda g, y, z: div(fft(g), float(shape(z)[0])), name="ifft")
def ifft(z: Any) -> Any:
    """The columns whose transform is given."""
    return np.asfortranarray(np.fft.ifft(z, axis=0))


def _window(window: Any, n: int, hop: int) -> Any:
    """The window with zeros on both sides up to length `n`; also checks the arguments."""
    if window is not None:
        if len(shape(window)) != 1:
            raise Inapplicable("pad_constant", (window, (0, 0)))
        length = shape(window)[0]
        if not 0 < length <= n:
            raise ArgumentError(
                f"Expected `0 < length(window) ≤ n_fft={n}`, but got `length(window)={length}`."
            )
        if length < n:
            left = (n - length) // 2
            window = pad_zeros(window, (left, n - length - left))
    if hop < 0:
        raise ArgumentError(f"Expected `hop_length > 0`, but got `hop_length={hop}`.")
    return window


def _shaped(window: Any, ndim: int) -> Any:
    return reshape(window, (shape(window)[0], *(1,) * (ndim - 1)))


def stft(
    x: Any,
    *,
    n_fft: int,
    hop_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
) -> Any:
    """The transforms of overlapping stretches of `x`, `n_fft` long, a `hop_length` apart, times a `window`.

    With `center` the first one is centred at the first sample; `normalized` divides by `√n_fft`.

    Shapes: length… becomes frequencies × frames….
    Source: NNlib, `stft`.
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    window = _window(window, n_fft, hop)
    if center:
        x = pad_reflect(x, n_fft // 2, dims=(0,))
    n = shape(x)[0]
    if not 0 < n_fft <= n:
        raise ArgumentError(f"Expected `0 < n_fft ≤ size(x, 1)={n}`, but got `n_fft={n_fft}`.")
    places = np.arange(n_fft)[:, None] + hop * np.arange(1 + (n - n_fft) // hop)
    x = getitem(x, (places, *(slice(None),) * (len(shape(x)) - 1)))
    if window is not None:
        x = mul(x, _shaped(window, len(shape(x))))
    y = fft(x) if primal(x).dtype.kind == "c" else rfft(x)
    return mul(y, float(n_fft) ** -0.5) if normalized else y


def istft(
    y: Any,
    *,
    n_fft: int,
    hop_length: int | None = None,
    window: Any = None,
    center: bool = True,
    normalized: bool = False,
    return_complex: bool = False,
    original_length: int | None = None,
) -> Any:
    """The signal whose `stft` is `y`; each moment comes from the first stretch that has it.

    `n_fft`, `hop_length`, `window`, `center` and `normalized` are those of `stft`; the signal is complex if
    `return_complex`, and cut to the `original_length`.

    Shapes: frequencies × frames… becomes length….
    Source: NNlib, `istft`.
    """
    hop = n_fft // 4 if hop_length is None else hop_length
    window = _window(window, n_fft, hop)
    if normalized:
        y = mul(y, float(n_fft) ** 0.5)
    x = ifft(y) if return_complex else irfft(y, n=n_fft)
    if window is not None:
        x = div(x, _shaped(window, len(shape(x))))
    frames, batch = shape(x)[1], shape(x)[2:]
    length = n_fft + hop * (frames - 1)
    frame = (
        np.maximum(0, -(-(np.arange(length) - n_fft + 1) // hop)) if hop else np.zeros(length, int)
    )
    places = frame * n_fft + np.arange(length) - hop * frame
    inside = np.arange(length) - hop * frame < n_fft
    x = getitem(
        reshape(x, (n_fft * frames, *batch)), (places[inside], *(slice(None),) * len(batch))
    )
    left = n_fft // 2 if center else 0
    n = shape(x)[0]
    right = (
        left + original_length
        if original_length is not None
        else n - n_fft // 2
        if center
        else length
    )
    return getitem(x, (slice(left, right), *(slice(None),) * len(batch)))


def spectrogram(
    waveform: Any,
    *,
    n_fft: int,
    hop_length: int,
    window: Any,
    pad: int = 0,
    center: bool = True,
    power: float = 2.0,
    normalized: bool = False,
    window_normalized: bool = False,
) -> Any:
    """The magnitudes of `stft` of a `waveform` to a `power`; with power 0 the transform itself.

    `n_fft`, `hop_length`, `window`, `center` and `normalized` are those of `stft`; `pad` zeros go before
    and behind, and with `window_normalized` the norm of the window is divided out.

    Shapes: length… becomes frequencies × frames….
    Source: NNlib, `spectrogram`.
    """
    if pad > 0:
        waveform = pad_zeros(waveform, pad, dims=(0,))
    size = shape(waveform)
    flat = reshape(waveform, (size[0], int(np.prod(size[1:]))))
    y = stft(
        flat,
        n_fft=n_fft,
        hop_length=hop_length,
        window=window,
        center=center,
        normalized=normalized,
    )
    y = reshape(y, (*shape(y)[:2], *size[1:]))
    if window_normalized:
        y = mul(y, 1 / np.linalg.norm(primal(window)))
    return _to_the(absolute(y), power) if power > 0 else y


def _to_the(x: Any, p: float) -> Any:
    """A power; whole exponents stay integers, for which powers of zero have derivatives."""
    return power(x, int(p) if float(p).is_integer() else primal(x).dtype.type(p))


def _mel(frequency: Any) -> Any:
    f32 = np.float32
    return f32(2595) * np.log10(f32(1) + f32(frequency) / f32(700))


def melscale_filterbanks(
    *, n_freqs: int, n_mels: int, sample_rate: int, fmin: float = 0.0, fmax: float | None = None
) -> Any:
    """Triangular filters, one in each column, whose peaks are equally far apart on the mel scale."""
    f32 = np.float32
    top = sample_rate // 2
    mels = np.linspace(
        float(_mel(fmin)), float(_mel(top if fmax is None else fmax)), n_mels + 2
    ).astype(f32)
    points = f32(700) * (f32(10) ** (mels / f32(2595)) - f32(1))
    frequencies = np.linspace(0, top, n_freqs).astype(f32)
    widths = np.diff(points)
    slopes = points[None, :] - frequencies[:, None]
    falling, rising = -slopes[:, :-2] / widths[:-1], slopes[:, 2:] / widths[1:]
    return np.asfortranarray(np.maximum(f32(0), np.minimum(falling, rising)) + f32(0))
