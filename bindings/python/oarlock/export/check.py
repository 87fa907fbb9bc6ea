"""The check of a saved program against the model that it was made of."""
import collections.abc
import warnings

import torch

from .compare import difference
from .errors import ExportError, describe, first_line, nearest, place_of
from .outputs import leaf_paths
from .state import Snapshot
from .tracing import quiet
from .unwritten import unwritten


class Check:
    """Runs the saved program beside the model, on the same inputs with the same random numbers."""

    def __init__(self, call, dims, file, state):
        self.call, self.dims = call, dims
        self.module = loaded(file).module()
        if any(tensor.is_meta for tensor in self.module.state_dict().values()):
            self.module.load_state_dict({name: value.detach().clone() for name, value in state.items()}, assign=True)
        self.state = Snapshot(self.module)

    def run(self, program, other_inputs=None):
        if program is not None:
            self.call.state.restore()
            self.compare(self.of_file(), self.of(program.module()), "the program before it was saved", exact=True)
        values, expected = self.of_file(), self.call.run()
        self.compare(values, expected, "the model")
        self.compare_in_a_row(exact=difference(values, expected, exact=True) is None)
        if other_inputs is not None:
            self.with_inputs(other_inputs)
            return
        sizes = {label: self.call.tensors()[name].shape[dim] for name, entry in self.dims.items() for dim, label in entry.items()}
        found = {}
        for label, size in sizes.items():
            if other := self.other_size(label, size):
                found[label] = other
        if len(found) > 1:
            self.try_sizes(found)

    def of(self, module, change=lambda path, value: value):
        args, kwargs = self.call.arguments(change)
        self.call.seed()
        with torch.no_grad(), unwritten(self.state):
            return module(*args, **kwargs)

    def of_file(self, change=lambda path, value: value, before=None):
        self.state.restore()
        if before is not None:
            self.of(self.module, before)
        return self.of(self.module, change)

    def compare_in_a_row(self, exact):
        """A call after another, without going back between them: what forward keeps must be in buffers."""
        def as_it_is(path, value):
            return value

        def first_row(path, value):
            return value.index_select(0, torch.zeros(len(value), dtype=torch.int64, device=value.device)) if value.dim() else value

        for before in (as_it_is, first_row):
            try:
                expected = self.call.run(before=before)
            except Exception as error:
                if before is first_row:  # not every model takes it in the place of all
                    return
                raise ExportError(f"the model does not run a second time: {first_line(error)}{place_of(error)}") from error
            try:
                values = self.of_file(before=before)
            except Exception as error:
                raise ExportError(f"the saved program does not run after a call, where the model does: {first_line(error)}") from error
            if path := difference(values, expected, exact):
                self.refuse_state(path)

    def refuse_state(self, path):
        kept = self.call.kept()
        kept = f" changes {', '.join(kept)}" if kept else " keeps something from call to call outside of its buffers"
        raise ExportError(f"output '{path}' of the saved program is that of the model in a first call, but not in a second: forward{kept}, "
                          "which a program does not; tensors that are to be kept are buffers: self.register_buffer(name, tensor) in "
                          "__init__, and self.name.copy_(...) or add_(1) in forward")

    def other_size(self, label, size):
        """A size at which both ran and agreed; None if the model runs at no other, which is warned of."""
        agreed, refused, failed = [], None, None
        for other in (size + 1, size - 1, 2 * size, size // 2, size + 8):
            if other < 2 or other == size or (other == size + 8 and agreed):
                continue
            wrong = self.try_sizes({label: other})
            if wrong is None:
                agreed.append(other)
            elif wrong[0]:
                refused = refused or wrong[1]
            else:
                failed = failed or wrong[1]
        if refused and not agreed:
            raise ExportError(f"'{label}' was to be dynamic, but the program runs at no size but {size}, where the model does: {refused}")
        if refused:
            warnings.warn(f"the program refuses sizes of '{label}' that the model takes, because forward branches on the size: {refused}; "
                          "for max(n, 5) and min(n, 5) write torch.sym_max(n, 5) and torch.sym_min(n, 5)", stacklevel=4)
        elif not agreed:
            warnings.warn(f"'{label}' could not be tried at another size than {size}, because the model itself fails there: {failed}", stacklevel=4)
        return agreed[0] if agreed else None

    def with_inputs(self, inputs):
        wrong = self.try_change(lambda path, value: inputs[path].clone(), "other_inputs")
        if wrong:
            raise ExportError(f"{'the program' if wrong[0] else 'the model itself'} does not run with other_inputs: {wrong[1]}")

    def try_sizes(self, sizes):
        def change(path, value):
            for dim, label in self.dims.get(path, {}).items():
                if label in sizes:
                    value = value.index_select(dim, torch.arange(sizes[label], device=value.device) % value.shape[dim])
            return value

        return self.try_change(change, ", ".join(f"{label} = {size}" for label, size in sizes.items()))

    def try_change(self, change, where):
        """None: both ran and agreed. (True, why) if only the program failed, (False, why) if the model did."""
        try:
            expected, again = self.call.run(change=change), self.call.run(change=change)
        except Exception as error:
            return False, f"at {where}: {first_line(error)}"
        if difference(expected, again, exact=True):
            return False, f"at {where}: it gives other values each time (inputs that hold positions? give other_inputs)"
        try:
            values = self.of_file(change)
        except Exception as error:
            return True, f"at {where}: {first_line(error)}"
        self.compare(values, expected, f"the model at {where}")
        return None

    def compare(self, values, expected, what, exact=False):
        if list(leaf_paths(values)) != list(leaf_paths(expected)):
            raise ExportError(f"the saved program returns {', '.join(leaf_paths(values))}; {what} returns {', '.join(leaf_paths(expected))}")
        if path := difference(values, expected, exact):
            asked = ("Does forward branch on the size (if n % 2)" if " at " in what else
                     "Does the model use random numbers of Python or numpy, write through .data, or keep state outside of its buffers")
            raise ExportError(f"output '{path}' of the saved program is not that of {what}: "
                              f"{describe(leaf_paths(values)[path], leaf_paths(expected)[path])}. {asked}? (check=False saves it all the same)")


def require_other_inputs(inputs, call, is_checked):
    """Before anything is traced: they are all tensors by name."""
    if inputs is None:
        return
    if not isinstance(inputs, collections.abc.Mapping):
        raise ExportError(f"other_inputs is a {type(inputs).__name__}; give a mapping of every tensor by name: {', '.join(call.tensors())}")
    for name, value in inputs.items():
        if name not in call.tensors():
            raise ExportError(f"other_inputs has '{name}', but no input tensor is called so{nearest(name, call.tensors())}")
        if not isinstance(value, torch.Tensor):
            raise ExportError(f"other_inputs has '{name}', which is a {type(value).__name__}; give a tensor")
    if missing := [name for name in call.tensors() if name not in inputs]:
        raise ExportError(f"other_inputs must have every tensor by name; it lacks {', '.join(missing)}")
    if not is_checked:
        warnings.warn("other_inputs are not used: they are for the check, which check=False leaves out, and which a model without values "
                      "does not have", stacklevel=3)


def loaded(file):
    """torch.export.load without its remarks on files that hold no weights."""
    try:
        with quiet():
            warnings.filterwarnings("ignore", message="The given buffer is not writable")
            return torch.export.load(file)
    except Exception as error:
        raise ExportError("torch.export cannot read the program that it saved (a later torch may; check=False saves it all the same): "
                          f"{first_line(error)}") from error
