"""The figures that Prometheus asks for, as far as they are counted when something ends."""
