"""What runs of a model change in it: buffers, and the attributes that its modules assign."""
import torch
from torch.nn.modules.lazy import LazyModuleMixin

# Kept elsewhere, or not by runs.
OTHERS = {"training", "forward", "_parameters", "_buffers", "_modules"}


class ModelState:
    """As it was when this was made; to which restore() brings the model back."""

    def __init__(self, model, has_values):
        self.buffers = [(module, name, buffer, buffer.detach().clone()) for module in model.modules()
                        for name, buffer in module._buffers.items() if buffer is not None] if has_values else []
        # The first run makes another class of a lazy module.
        self.attributes = [(path, module, {name: (value, copy_of(value)) for name, value in vars(module).items() if name not in OTHERS})
                           for path, module in model.named_modules() if not isinstance(module, LazyModuleMixin)]

    def restore(self):
        with torch.no_grad():
            for module, name, buffer, value in self.buffers:
                buffer.copy_(value)
                module._buffers[name] = buffer  # forward may have put another tensor there
        for _, module, kept in self.attributes:
            now = vars(module)
            for name in [name for name in now if name not in kept and name not in OTHERS]:
                del now[name]
            for name, (value, copied) in kept.items():
                now[name] = value
                if isinstance(value, list) and copied is not None:
                    value[:] = copied
                elif isinstance(value, dict) and copied is not None:
                    value.clear()
                    value.update(copied)

    def changed(self):
        """Numbers, tensors, lists and dicts that modules had and have assigned or filled since, as self.path."""
        found = []
        for path, module, kept in self.attributes:
            for name, (value, copied) in kept.items():
                now = vars(module).get(name)
                kind = isinstance(now, (int, float, torch.Tensor, list, dict))
                filled = copied is not None and items_of(value) != items_of(copied)
                if name != "_flat_weights" and kind and (now is not value or filled):  # every run of an LSTM assigns those anew
                    found.append(".".join(filter(None, ["self", path, name])))
        return found


def copy_of(value):
    return value.copy() if type(value) in (list, dict) else None


def items_of(values):
    """By identity: tensors do not compare."""
    return [tuple(map(id, item)) for item in values.items()] if isinstance(values, dict) else [*map(id, values)]
