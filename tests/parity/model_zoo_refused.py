"""What export_program refuses although it looks like the architectures of the zoo, why, and what works instead."""

import dataclasses
import random
import typing

import programs
import torch
import transformers as hf
from model_zoo import rotary_sizes
from model_zoo_by_hand import ARCHITECTURES


@dataclasses.dataclass
class Refused:
    make: typing.Callable  # () -> (module, example inputs, dynamic)
    told: tuple  # patterns of the error's text
    because: str
    reason: str
    instead: str


def drawn(name):
    case = ARCHITECTURES[name].draw(random.Random(name))
    return case, {**case.inputs(4, 8, torch.Generator().manual_seed(0)), **case.constants}


def with_cache():
    case, inputs = drawn("gpt2")
    del inputs["use_cache"]
    return case.make(), inputs, case.dynamic


def default_experts():
    case, inputs = drawn("mixtral")
    config = hf.MixtralConfig(**rotary_sizes(random.Random(0)), num_local_experts=4)
    return hf.MixtralForCausalLM(config), inputs, case.dynamic


def loss_of_its_own(name, **constants):
    def make():
        case, inputs = drawn(name)
        return case.make(), {**inputs, **constants}, case.dynamic

    return make


def speech_letters():
    config = hf.Wav2Vec2Config(vocab_size=20, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
                               conv_dim=(8, 8), conv_stride=(4, 4), conv_kernel=(8, 4), num_conv_pos_embeddings=8,
                               num_conv_pos_embedding_groups=2, mask_time_prob=0.0, layerdrop=0.0)
    return hf.Wav2Vec2ForCTC(config), {"input_values": torch.randn(4, 320), "labels": torch.ones(4, 4, dtype=torch.int64)}, "batch"


def any_length(name):
    def make():
        case, inputs = drawn(name)
        return case.make(), inputs, {key: ("batch", "length") for key in case.dynamic}

    return make


def longformer():
    config = hf.LongformerConfig(vocab_size=61, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
                                 attention_window=4, max_position_embeddings=40)
    words = torch.randint(3, 61, (4, 16))
    return hf.LongformerForMaskedLM(config), {"input_ids": words, "labels": words}, "batch"


DATA = (r"forward decides in Python .* by what a tensor holds",)
REFUSED = {
    "gpt2_with_cache": Refused(with_cache, (r"output 'past_key_values' is a transformers\.cache_utils\.DynamicCache", "use_cache=False"),
                               "the model", "its outputs hold a cache of keys and values", "`use_cache=False`"),
    "mixtral_default_experts": Refused(default_experts, ("transformers::grouped_mm", 'experts_implementation="batched_mm"'), "the model",
                                       "calls an operator that transformers makes in Python", '`experts_implementation="batched_mm"`'),
    "clip_own_loss": Refused(loss_of_its_own("clip", return_loss=True), ("fixes it to 4", r"modeling_clip\.py:\d+, in contrastive_loss"),
                             "torch.export", "`len()` of a tensor in the loss fixes the batch", "the same loss given as `loss=`, with `shape[0]`"),
    "wav2vec2_ctc": Refused(speech_letters, (*DATA, r"labels\.max\(\)"), "torch.export",
                            "the loss checks its labels in Python, and the operator of CTC reads lengths while it is traced",
                            "train it as a classifier, or compute CTC outside from the logits"),
    "mamba_any_length": Refused(any_length("mamba"), ("dimension 1 of 'input_ids'", "fixes it to 8", r"for index in range\(seq_len\)"),
                                "the model", "its recurrence without CUDA kernels is a loop of Python over the length", "one length; the batch may change"),
    "lstm_any_length": Refused(any_length("lstm"), ("dimension 1 of 'words'", "fixes it to 8"), "torch.export",
                               "fixes the length of the input of an LSTM or GRU", "one length, padded; the batch may change"),
    "longformer": Refused(longformer, (*DATA, "if is_global_attn"), "torch.export", "branches on whether any token is global",
                          "another model for long inputs (`bert` with more positions)"),
}


def refusal(name):
    """The text of the error."""
    make, exporter = REFUSED[name].make, programs.load_exporter()
    torch.manual_seed(0)
    module, inputs, dynamic = make()
    try:
        exporter.export_program(module, inputs, dynamic=dynamic)
    except exporter.ExportError as error:
        return str(error)
    return "it was exported"
