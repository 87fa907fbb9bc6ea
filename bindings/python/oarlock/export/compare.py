"""Whether two runs gave the same."""
import torch

from .outputs import leaf_paths


def difference(values, expected, exact):
    """The path of the first output that differs, or None."""
    values, expected = leaf_paths(values), leaf_paths(expected)
    for path, value in values.items():
        other = expected.get(path)
        if not (same_tensors(value, other, exact) if isinstance(value, torch.Tensor) else value == other):
            return path
    return None


def same_tensors(value, other, exact):
    if not isinstance(other, torch.Tensor) or value.shape != other.shape or value.dtype != other.dtype or value.device != other.device:
        return False
    if value.is_complex():
        value, other = torch.view_as_real(value.resolve_conj()), torch.view_as_real(other.resolve_conj())
    if not value.is_floating_point():
        return torch.equal(value, other)
    bound = 0.0 if exact and not value.is_cuda else 5e-2 if value.dtype.itemsize < 4 else 1e-4
    scale = other[other.isfinite()].abs().max().item() if other.isfinite().any() else 0.0
    return torch.allclose(value.double(), other.double(), rtol=0, atol=bound * max(1.0, scale), equal_nan=True)
