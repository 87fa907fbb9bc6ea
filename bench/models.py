"""The models of the step benches, for our side (exported) and for the peers (as they are): seeded, and one fixed batch each."""
import pathlib
import sys

import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / "tests/parity")]
import programs  # noqa: E402


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = (part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
                   for part in self.qkv(self.norm1(x)).split(width, dim=2))
        attended = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(attended.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


class Decoder(nn.Module):
    """A causal language model with learned positions; the loss is that of the next token."""

    def __init__(self, depth, width, heads=4, vocabulary=256, length_max=128):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(length_max, width)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        self.recompute = False  # activation checkpointing over the blocks; what is exported has none

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = checkpoint(block, x, use_reentrant=False) if self.recompute else block(x)
        logits = self.head(self.norm(x))
        loss = nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        return {"loss": loss, "logits": logits}


def tokens(batch, length, vocabulary=256):
    return {"tokens": torch.randint(0, vocabulary, (batch, length), generator=torch.Generator().manual_seed(1))}


def mlp_batch(rows=32):
    return dict(zip("xy", programs.mlp_inputs(rows)))


def digits_batch():
    return dict(zip(("images", "labels"), programs.digits_inputs(64)))


# name: (module, its one batch)
MODELS = {
    "mlp": (programs.Mlp, mlp_batch),
    "decoder_tiny": (lambda: Decoder(depth=4, width=64), lambda: tokens(4, 16)),
    "mlp_wide": (programs.Mlp, lambda: mlp_batch(4096)),  # activations, not bookkeeping, are what is counted
    "decoder": (lambda: Decoder(depth=4, width=128), lambda: tokens(8, 128)),
    "decoder_8": (lambda: Decoder(depth=8, width=128), lambda: tokens(8, 128)),
    "decoder_16": (lambda: Decoder(depth=16, width=128), lambda: tokens(8, 128)),
    # step_decoder_tiny by size, for docs/benchmarks.md
    "decoder_tiny_2x16": (lambda: Decoder(depth=4, width=64), lambda: tokens(2, 16)),
    "decoder_tiny_4x32": (lambda: Decoder(depth=4, width=64), lambda: tokens(4, 32)),
    "conv": (lambda: programs.DigitsNet(dropout=0.0), digits_batch),
    "compute": (lambda: Decoder(depth=4, width=256), lambda: tokens(8, 128)),
}


def make(name):
    """(module in training mode, batch as a dict by input name)"""
    module, batch = MODELS[name]
    return programs.seeded(module), batch()


def export(name, folder):
    """Writes the program and its batch; returns the arguments of bench/step_program that name them."""
    module, batch = make(name)
    path = pathlib.Path(folder) / f"{name}.pt2"
    programs.export_program(module, batch.values(), path)
    inputs = []
    for key, tensor in batch.items():
        file = path.with_name(f"{name}.{key}.bin")
        file.write_bytes(tensor.numpy().tobytes())
        inputs.append(f"{key}={str(tensor.dtype).removeprefix('torch.')}:{','.join(map(str, tensor.shape))}:{file}")
    return path, inputs
