"""Teaches the check for children: MiniLM, tuned by an adapter, with a linear classifier on top.

`material` is what teaches, and needs nothing but our own files; `tuning` needs PyTorch, from
requirements-train-cpu.txt. What comes of it, the check reads with NumPy alone.
"""
