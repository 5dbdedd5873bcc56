"""The cluster launcher: command line, images, manifests, network of the simulated nodes."""
