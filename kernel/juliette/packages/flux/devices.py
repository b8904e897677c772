"""Devices (MLDataDevices): there is the CPU, on which everything lies already."""

from __future__ import annotations

from typing import Any

from juliette.base.randomness import default_rng
from juliette.display.show import SHOW_HOOKS
from juliette.runtime import types as T
from juliette.runtime.modules import Module

DEVICE = T.define("AbstractDevice", T.Function_, abstract=True)
CPU = T.define("CPUDevice", DEVICE)
# Devices that can be asked for, but are not there.
OTHERS = {name: T.define(f"{name}Device", DEVICE) for name in ("CUDA", "AMDGPU", "Metal", "oneAPI", "Reactant")}


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

    for name in ("cpu_device", "gpu_device", "get_device"):

        @module.method(f"{name}(xs...; keywords...)")
        def device(*xs: Any, **keywords: Any) -> Any:
            """The device on which everything lies: the CPU."""
            return DEVICE_HERE

    @module.method("get_device_type(x)")
    def get_device_type(x: Any) -> Any:
        """The type of the device on which a value lies."""
        return CPU

    @module.method("supported_gpu_backends()")
    def supported_gpu_backends() -> Any:
        """The names of the kinds of GPU that Flux knows."""
        return ("CUDA", "AMDGPU", "Metal", "oneAPI")

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
