"""Audio: samples in, bytes out; pure, stateful push codecs with ``feed`` and ``flush``."""
