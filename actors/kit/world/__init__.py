"""The World seam: clock, entropy, disk, network, container engine, packet filter."""
