"""The first run of the model, in Python: what is wrong is told before anything is traced."""
import contextlib
import re
import traceback
import warnings

import torch

from .errors import ExportError, place_in, place_of
from .outputs import leaf_paths


def first_outputs(call):
    try:
        with watched_gradients(call):
            outputs = call.run(torch.enable_grad)
    except ExportError:
        raise
    except Exception as error:
        what = "the model does not run with these example inputs"
        missing = unlike(call, error)
        loss_of = call.loss_of.__func__.__code__
        if any(frame.f_code is loss_of for frame, _ in traceback.walk_tb(error.__traceback__)):
            what = "the loss does not run with the outputs of the model"
            missing = ("; what it takes besides them is given as targets=" if not call.target_names else
                       f"; it is given the outputs and {len(call.target_names)} targets: {', '.join(call.target_names)}")
        raise ExportError(f"{what}: {type(error).__name__}: {error}{missing}{place_of(error)}") from error
    if not any(isinstance(leaf, torch.Tensor) for leaf in leaf_paths(outputs).values()):
        raise ExportError("the model returns no tensor; forward must return the outputs, or the loss"
                          + (" (it returns None: is there a return?)" if outputs is None else ""))
    return outputs


@contextlib.contextmanager
def watched_gradients(call):
    """Where forward computes gradients is kept in call.gradients; a backward, which would change the model's own, is refused.

    What is watched lies below torch.autograd's functions, which a model may have imported by name.
    """
    run_backward, enter_level = torch.autograd._engine_run_backward, torch._C._enter_dual_level

    def watched_backward(*args, accumulate_grad, **kwargs):
        if accumulate_grad:
            raise ExportError("forward calls backward(): leave that and the optimizer's step to the training program, and return the loss"
                              + place_in(traceback.extract_stack()))
        call.gradients = call.gradients or traceback.extract_stack()
        return run_backward(*args, accumulate_grad=False, **kwargs)

    def watched_level():
        call.gradients = call.gradients or traceback.extract_stack()
        return enter_level()

    torch.autograd._engine_run_backward, torch._C._enter_dual_level = watched_backward, watched_level
    try:
        yield
    finally:
        torch.autograd._engine_run_backward, torch._C._enter_dual_level = run_backward, enter_level


def unlike(call, error):
    """How the example differs from what the model can take, where that may be why it does not run."""
    text, tensors = str(error), call.tensors()
    weight = next((p for p in call.model.parameters() if p.is_floating_point()), None)
    if isinstance(error, TypeError) and "positional argument" in text and len(call.args) > 1:
        return (f"; example_inputs has {len(call.args)} entries, which are the arguments of forward in turn: for one argument that is a list "
                "or tuple, give a tuple that holds it, (inputs,)")
    for name, tensor in tensors.items() if weight is not None else ():
        if re.search("device", text) and tensor.device != weight.device:
            return f"; '{name}' is on {tensor.device}, the weights are on {weight.device}: bring both to one device"
        if re.search("dtype|type|Half|BFloat16|Double", text) and tensor.is_floating_point() and tensor.dtype != weight.dtype:
            kinds = [str(t.dtype).removeprefix("torch.") for t in (tensor, weight)]
            return f"; '{name}' is {kinds[0]}, the weights are {kinds[1]}: give '{name}' as {kinds[1]}, or convert in forward"
    return ""


def warn_untrainable(call, outputs):
    """A program without a loss: is there something that one could be computed from?"""
    found = [leaf for leaf in leaf_paths(outputs).values() if isinstance(leaf, torch.Tensor)]
    if (call.is_trained and any(parameter.requires_grad for parameter in call.model.parameters())
            and not any(tensor.requires_grad for tensor in found)):
        warnings.warn("no output depends on a parameter that requires a gradient (does forward run under torch.no_grad?): the program "
                      "will run, but cannot be trained; train=False says that it is not to be", stacklevel=3)
