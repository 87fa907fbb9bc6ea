"""Refuses a forward that writes to what a program does not keep: parameters, and tensors that are attributes but no buffers."""
import contextlib
import traceback

import torch
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import TorchDispatchMode

from .errors import ExportError, place_in
from .operators import written
from .state import memory_of


class Unwritten(TorchDispatchMode):
    """Sees every operator before it runs, so that what it refuses is not written."""

    supports_higher_order_operators = True

    def __init__(self, snapshot):
        super().__init__()
        self.protected = snapshot.protected

    @classmethod
    def is_infra_mode(cls):
        return True

    def __torch_dispatch__(self, function, kinds, args=(), kwargs=None):
        kwargs = kwargs or {}
        for value in pytree.tree_leaves(written(function, args, kwargs)):
            if isinstance(value, torch.Tensor) and (found := self.protected.get(memory_of(value))):
                refuse(*found, function, traceback.extract_stack())
        return function(*args, **kwargs)


def refuse(path, is_parameter, function=None, stack=()):
    place = place_in(stack)
    if function is torch.ops.aten.embedding_renorm_.default:
        raise ExportError(f"forward writes to the parameter '{path}': max_norm of an embedding scales rows of its weight, and a program writes to "
                          "parameters in optimizer steps only. Leave max_norm out, and scale the rows that are looked up: "
                          f"rows * (max_norm / rows.norm(dim=-1, keepdim=True)).clamp(max=1){place}")
    if is_parameter:
        raise ExportError(f"forward writes to the parameter '{path}', and a program writes to parameters in optimizer steps only: what forward "
                          f"changes is a buffer (register_buffer), and what is computed from a parameter is a tensor of its own{place}")
    raise ExportError(f"forward writes to self.{path}, which is no buffer, so that a program would not keep it: "
                      f"self.register_buffer(name, tensor) in __init__{place}")


@contextlib.contextmanager
def unwritten(snapshot):
    with Unwritten(snapshot):
        yield
    for path in snapshot.moved_parameters():
        refuse(path, True)
