"""What runs of a model change in it: buffers, and the attributes that its modules assign."""
import torch

KINDS = (int, float, torch.Tensor, list, dict)  # what a model keeps from call to call; flags among them
OTHERS = {"training", "_parameters", "_buffers", "_modules", "_flat_weights"}  # kept elsewhere; assigned anew by every run of an LSTM


class ModelState:
    """Buffers as they were when this was made, attributes as they were at remember_attributes(); restore() brings both back."""

    def __init__(self, model, has_values):
        self.model, self.attributes = model, []
        self.buffers = [(module, name, buffer, buffer.detach().clone()) for module in model.modules()
                        for name, buffer in module._buffers.items() if buffer is not None] if has_values else []

    def remember_attributes(self):
        """To be called after a first run: what that sets up once for all (hooks and the flag that tells of them) is to stay."""
        self.attributes = [(path, module, {name: (value, copy_of(value)) for name, value in vars(module).items()
                                           if name not in OTHERS and isinstance(value, KINDS)})
                           for path, module in self.model.named_modules()]

    def restore(self):
        with torch.no_grad():
            for module, name, buffer, value in self.buffers:
                buffer.copy_(value)
                module._buffers[name] = buffer  # forward may have put another tensor there
        for _, module, kept in self.attributes:
            for name, (value, copied) in kept.items():
                vars(module)[name] = value
                if isinstance(copied, list):
                    value[:] = copied
                elif isinstance(copied, dict):
                    value.clear()
                    value.update(copied)

    def changed(self):
        """self.path of the attributes that have been assigned or filled since they were remembered."""
        return [".".join(filter(None, ["self", path, name])) for path, module, kept in self.attributes
                for name, (value, copied) in kept.items()
                if vars(module).get(name) is not value or copied is not None and items_of(value) != items_of(copied)]


def copy_of(value):
    return value.copy() if type(value) in (list, dict) else None


def items_of(values):
    """By identity: tensors do not compare."""
    return [tuple(map(id, item)) for item in values.items()] if isinstance(values, dict) else [*map(id, values)]
