"""`python -m juliette.jupyter -f CONNECTION_FILE`: what a kernel specification starts."""

from ipykernel.kernelapp import IPKernelApp

from juliette.jupyter.kernel import JulietteKernel

if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=JulietteKernel)
