"""What the mixed-precision tests share: an accelerator of some options with a model and an optimizer, through the C interface."""
import ctypes
import json
import pathlib
import sys

import torch

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import oarlock_ctypes  # noqa: E402

torch.set_num_threads(1)
OAR = oarlock_ctypes.load()
LIB = OAR.lib
STATE = OAR.make(LIB.oar_state_create, None)
DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


class Training:
    """Options are of the accelerator: mixed_precision="fp16", scaler={...}."""

    def __init__(self, path, mixed_precision="no", optimizer="sgd", learning_rate=0.05, units=None, **options):
        config = OAR.make(LIB.oar_config_create)
        given = {"accelerator": {"mixed_precision": mixed_precision, **options.pop("accelerator", {})}, **options}
        OAR.check(LIB.oar_config_merge_json(config, json.dumps(given).encode()))
        self.accelerator = OAR.make(LIB.oar_accelerator_create, STATE, config)
        self.model = OAR.make(LIB.oar_model_load, STATE, str(path).encode(), None)
        if units is not None:
            OAR.check(LIB.oar_model_set_units(self.model, json.dumps(units).encode()))
        OAR.check(LIB.oar_accelerator_prepare_model(self.accelerator, self.model))
        self.optimizer = OAR.make(LIB.oar_optimizer_create, self.model, optimizer.encode(),
                                  json.dumps({"lr": learning_rate}).encode())
        OAR.check(LIB.oar_accelerator_prepare_optimizer(self.accelerator, self.optimizer))
        self.names = OAR.input_names(self.model)

    def forward(self, inputs):
        return OAR.forward_tree(self.model, dict(zip(self.names, inputs)))

    def backward(self, outputs):
        loss = OAR.make(LIB.oar_tree_get_tensor, outputs, b"loss")
        OAR.check(LIB.oar_accelerator_backward(self.accelerator, loss))
        return OAR.tensor_to_torch(loss).clone()

    def step(self):
        OAR.check(LIB.oar_accelerator_step(self.accelerator, self.optimizer, None))

    def clip(self, norm):
        out = ctypes.c_double()
        OAR.check(LIB.oar_accelerator_clip_grad_norm(self.accelerator, self.model, ctypes.c_double(norm), ctypes.c_double(2),
                                                     ctypes.byref(out)))
        return out.value

    def gradients(self):
        return {name: OAR.gradient(self.model, name).clone() for name in OAR.parameter_names(self.model)}

    def weights(self):
        return {name: OAR.parameter(self.model, name).clone() for name in OAR.parameter_names(self.model)}

    def set_training(self, training):
        OAR.check(LIB.oar_model_set_training(self.model, int(training)))

    def was_skipped(self):
        return bool(OAR.number(ctypes.c_int32, LIB.oar_accelerator_step_was_skipped, self.accelerator, self.optimizer))

    def scaler_state(self):
        return json.loads(OAR.text(LIB.oar_accelerator_scaler_state, self.accelerator))

    def load_scaler_state(self, state):
        OAR.check(LIB.oar_accelerator_load_scaler_state(self.accelerator, json.dumps(state).encode()))


def seed(value):
    OAR.check(LIB.oar_state_seed(STATE, ctypes.c_int64(value)))
