"""The models of the mixed-precision tests: an MLP, a convolutional net with BatchNorm, a small decoder with a tied embedding."""
import math

import torch
from torch import nn
from torch.nn import functional as F

import programs

VOCABULARY, LENGTH, WIDTH, HEADS = 50, 12, 32, 4


class Block(nn.Module):
    """Attention written out (matmul, mask, softmax), a feed-forward part, and dropout."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.drop = nn.Dropout(0.1)

    def forward(self, x, mask):
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).view(batch, length, 3, HEADS, width // HEADS)
        q, k, v = (parts[:, :, i].transpose(1, 2) for i in range(3))
        scores = q @ k.transpose(-1, -2) / math.sqrt(width // HEADS) + mask
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, length, width)
        x = x + self.drop(self.out(mixed))
        return x + self.drop(self.down(F.gelu(self.up(self.norm2(x)))))


class Decoder(nn.Module):
    """The head's weight is the embedding's: under autocast both uses share one cast."""

    def __init__(self):
        super().__init__()
        self.tokens, self.places = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(2))
        self.norm = nn.LayerNorm(WIDTH)
        self.register_buffer("mask", torch.full((LENGTH, LENGTH), -1e4).triu(1), persistent=False)

    def forward(self, ids, labels):
        x = self.tokens(ids) + self.places.weight
        for block in self.blocks:
            x = block(x, self.mask)
        logits = F.linear(self.norm(x), self.tokens.weight)
        return {"loss": F.cross_entropy(logits.flatten(0, 1), labels.flatten()), "logits": logits}


def decoder_inputs(batch=8, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randint(0, VOCABULARY, (batch, LENGTH), generator=generator) for _ in range(2))


class Risky(nn.Module):
    """The loss of y = w x, so that an input decides whether gradients are finite."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        return {"loss": self.fc(x).pow(2).mean()}


# name: module, inputs of one seed
MODELS = {"mlp": (lambda: programs.Mlp(0.1), programs.mlp_inputs), "conv": (programs.DigitsNet, programs.digits_inputs),
          "decoder": (Decoder, decoder_inputs)}
