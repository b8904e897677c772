"""Devices (MLDataDevices, and Flux's own before 0.15): there is the CPU, on which everything lies already."""

from __future__ import annotations

from typing import Any

from juliette.base.randomness import default_rng
from juliette.display.io import STDERR
from juliette.display.show import SHOW_HOOKS, one_line
from juliette.runtime import types as T
from juliette.runtime.errors import ArgumentError, ErrorException
from juliette.runtime.modules import Base, Module

DEVICE = T.define("AbstractDevice", T.Function_, abstract=True)
CPU = T.define("CPUDevice", DEVICE)
# Devices that can be asked for, but are not there.
OTHERS = {
    name: T.define(f"{name}Device", DEVICE)
    for name in ("CUDA", "AMDGPU", "Metal", "oneAPI", "Reactant")
}


class CPUDevice:
    """A function that moves models and data to the CPU; they are there."""

    fields = ()

    def __call__(self, x: Any) -> Any:
        return x

    def egal(self, other: Any) -> bool:
        """There is only one CPU."""
        return isinstance(other, CPUDevice)


T.register_class(CPUDevice, CPU)
DEVICE_HERE = CPUDevice()
BACKENDS = ("CUDA", "AMDGPU", "Metal", "oneAPI")
# What has been said once.
_told: list[bool] = []


def _silenced() -> bool:
    value = Base.bindings["get"](Base.bindings["ENV"], "MLDATADEVICES_SILENCE_WARN_NO_GPU", "")
    return str(value).lower() in ("1", "true", "yes", "y", "t")


def tell_once() -> None:
    """The warning that there is no GPU, unless it is not wanted."""
    if _told or _silenced():
        return
    _told.append(True)
    lines = [
        "No functional GPU backend found! Defaulting to CPU.",
        "",
        "1. If no GPU is available, nothing needs to be done. Set `MLDATADEVICES_SILENCE_WARN_NO_GPU=1` to silence "
        "this warning.",
        "2. If GPU is available, load the corresponding trigger package.",
        "    a. `CUDA.jl` and `cuDNN.jl` (or just `LuxCUDA.jl`) for  NVIDIA CUDA Support.",
        "    b. `AMDGPU.jl` for AMD GPU ROCM Support.",
        "    c. `Metal.jl` for Apple Metal GPU Support. (Experimental)",
        "    d. `oneAPI.jl` for Intel oneAPI GPU Support. (Experimental)",
    ]
    place = "└ @ MLDataDevices.Internal ~/.julia/packages/MLDataDevices/src/internal.jl:114\n"
    STDERR.write("┌ Warning: " + "\n│ ".join(lines) + "\n" + place)


def _show(io: Any, x: CPUDevice, long: bool) -> None:
    io.write("(::CPUDevice) (generic function with 4 methods)" if long else "CPUDevice()")


def load(module: Module) -> None:
    """Fill the module MLDataDevices."""
    SHOW_HOOKS[CPUDevice] = _show
    for family in (CPU, DEVICE, *OTHERS.values()):
        family.typename.module = module
        module.const(family.typename.name, family)

    @module.method("CPUDevice()")
    def cpu(_: Any) -> CPUDevice:
        """The CPU."""
        return DEVICE_HERE

    for name in ("cpu_device", "get_device"):

        @module.method(f"{name}(xs...; keywords...)")
        def device(*xs: Any, **keywords: Any) -> Any:
            """The device on which everything lies: the CPU."""
            return DEVICE_HERE

    @module.method("gpu_device(id...; force=false)")
    def gpu_device(*id: Any, force: bool = False) -> Any:
        """The CPU, as there is no GPU here; an error if it must be one."""
        if force:
            raise ErrorException("DeviceSelectionException(No functional GPU device found!)")
        tell_once()
        return DEVICE_HERE

    @module.method('gpu_backend!(backend="")')
    def set_backend(backend: Any = "") -> None:
        """The kind of GPU that is to be used from the next session on."""
        backend = str(backend)
        if not backend:
            STDERR.write(
                "[ Info: Deleted the local preference for `gpu_backend`. Restart Julia to use the new backend.\n"
            )
            return
        if backend not in BACKENDS:
            raise ArgumentError(
                f"Invalid backend: {backend}. Valid backends are {one_line(BACKENDS)}."
            )
        STDERR.write(
            f"[ Info: GPU backend has been set to {backend}. Restart Julia to use the new backend.\n"
        )

    @module.method("get_device_type(x)")
    def get_device_type(x: Any) -> Any:
        """The type of the device on which a value lies."""
        return CPU

    @module.method("supported_gpu_backends()")
    def supported_gpu_backends() -> Any:
        """The names of the kinds of GPU that Flux knows."""
        return BACKENDS

    @module.method("default_device_rng(device)")
    def default_device_rng(device: Any) -> Any:
        """The generator of random numbers that a device uses."""
        return default_rng()

    @module.method("functional(t)", export=False)
    def functional(t: Any) -> bool:
        """Can the device be used?"""
        return t is CPU or isinstance(t, CPUDevice)

    @module.method("loaded(t)", export=False)
    def loaded(t: Any) -> bool:
        """Is the package of the device loaded?"""
        return functional(t)

    @module.method("reset_gpu_device!()")
    def reset_gpu_device() -> None:
        """Look for a GPU again."""


# ---------------------------------------------------------------- Flux's own, before 0.15

OLD_BACKENDS = ("CUDA", "AMDGPU", "Metal", "CPU")
OLD_DEVICE = T.define("AbstractDevice", T.Function_, abstract=True)
OLD_CPU = T.define("FluxCPUDevice", OLD_DEVICE)


class FluxCPUDevice(CPUDevice):
    """`Flux.get_device()` of Flux 0.14."""

    def egal(self, other: Any) -> bool:
        return isinstance(other, FluxCPUDevice)


T.register_class(FluxCPUDevice, OLD_CPU)
OLD_DEVICE_HERE = FluxCPUDevice()


def _show_old(io: Any, x: Any, long: bool) -> None:
    io.write(
        "(::Flux.FluxCPUDevice) (generic function with 1 method)"
        if long
        else "Flux.FluxCPUDevice()"
    )


def load_old(module: Module) -> None:
    """`get_device` and its kin in Flux before 0.15."""
    SHOW_HOOKS[FluxCPUDevice] = _show_old
    for family in (OLD_DEVICE, OLD_CPU):
        family.typename.module = module
        module.const(family.typename.name, family, export=False)
    module.const("GPU_BACKENDS", OLD_BACKENDS, export=False)
    module.const("GPU_BACKEND", "CUDA", export=False)

    @module.method("FluxCPUDevice()", export=False)
    def cpu(_: Any) -> FluxCPUDevice:
        """The CPU."""
        return OLD_DEVICE_HERE

    @module.method("supported_devices()", export=False)
    def supported_devices() -> Any:
        """The names of the kinds of device that Flux knows, the most wanted first.

        ```jldoctest
        julia> using Flux

        julia> Flux.supported_devices()
        ("CUDA", "AMDGPU", "Metal", "CPU")
        ```
        """
        return OLD_BACKENDS

    @module.method("get_device(; verbose=false)", export=False)
    def get_device(*, verbose: bool = False) -> Any:
        """The best device that works: the CPU."""
        if verbose:
            STDERR.write("[ Info: Using backend: CPU.\n")
        return OLD_DEVICE_HERE

    @module.method("get_device(backend::String, index=0)", export=False)
    def get_device_of(backend: str, index: int = 0) -> Any:
        """The device of a kind; only the CPU is there."""
        if backend != "CPU":
            raise ErrorException(
                f"Unsupported backend: {backend}. Try importing the corresponding package."
            )
        return OLD_DEVICE_HERE

    @module.method("gpu_backend!(backend::String)", export=False)
    def set_backend(backend: str) -> None:
        """The kind of GPU that is to be used from the next session on."""
        if backend == "CUDA":
            STDERR.write(
                "┌ Info: GPU backend is already set to: CUDA.\n└ No need to do anything else.\n"
            )
            return
        if backend not in OLD_BACKENDS:
            raise ArgumentError(
                f"Unsupported GPU backend: {backend}.\nSupported backends are: {one_line(OLD_BACKENDS)}.\n"
            )
        STDERR.write(
            f"┌ Info: New GPU backend set: {backend}.\n└ Restart your Julia session for this change to take effect!\n"
        )
