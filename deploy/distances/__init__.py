"""What zones are apart (``--rtt``), for packets of pods: they wait in the kernel's queues."""
