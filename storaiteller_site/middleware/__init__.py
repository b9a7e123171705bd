"""What every request passes through, beside the packages' own."""
