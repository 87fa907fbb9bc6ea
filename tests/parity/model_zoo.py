"""The architectures of the model zoo that are from `transformers`, in small random configurations.

A row of ARCHITECTURES draws a configuration from a random.Random and gives a Case. The modules are the real ones (nothing is
downloaded); only their sizes are drawn. model_zoo_by_hand.py has the modules that are written here, and the whole table.
"""

import dataclasses
import typing

import torch
import transformers as hf
from torch import nn
from torch.nn import functional as F

hf.logging.set_verbosity_error()


@dataclasses.dataclass
class Case:
    make: typing.Callable[[], nn.Module]  # under the caller's seed
    inputs: typing.Callable[[int, int, torch.Generator], dict]  # (batch, length, generator) -> keyword arguments
    dynamic: dict  # input: names of its dimensions, None where fixed
    zero_gradient: tuple = ()  # patterns of parameters whose true gradient is zero: they walk by rounding under AdamW
    constants: dict = dataclasses.field(default_factory=dict)  # keyword arguments that are not tensors
    loss: typing.Callable | None = None  # outputs -> loss, where the model's own cannot be exported
    related: bool = False  # the inputs hold positions in each other: rows of the example, repeated, make no sense
    length: int | None = None  # that of all inputs, where torch.export fixes it


@dataclasses.dataclass
class Architecture:
    draw: typing.Callable  # random.Random -> Case
    kind: str
    source: str  # where the module is from


def tokens(vocabulary, batch, length, generator):
    return torch.randint(3, vocabulary, (batch, length), generator=generator)


def numbers(generator, *shape):
    return torch.randn(*shape, generator=generator)


def classes(count, batch, generator):
    return torch.randint(0, count, (batch,), generator=generator)


def mask_of(batch, length, generator):
    """1 for words, 0 for the padding at the end of all rows but the first."""
    lengths = torch.randint(2, length + 1, (batch,), generator=generator)
    lengths[0] = length
    return (torch.arange(length)[None] < lengths[:, None]).long()


def widths(random, heads=(2, 4), size=(8, 16), layers=(2, 3)):
    heads = random.choice(heads)
    return heads, heads * random.choice(size), random.choice(layers)


# Decoders -----------------------------------------------------------------------------------------------------------------
def causal(make, vocabulary, zero_gradient=(), mask=False):
    """A language model that takes the tokens as its labels."""

    def inputs(batch, length, generator):
        words = tokens(vocabulary, batch, length, generator)
        extra = {"attention_mask": mask_of(batch, length, generator)} if mask else {}
        return {"input_ids": words, **extra, "labels": words.clone()}

    names = ["input_ids", *(["attention_mask"] if mask else []), "labels"]
    return Case(make, inputs, {name: ("batch", "length") for name in names}, zero_gradient, {"use_cache": False})


def gpt2(random):
    heads, width, layers = widths(random)
    config = hf.GPT2Config(vocab_size=61, n_positions=32, n_embd=width, n_layer=layers, n_head=heads,
                           bos_token_id=0, eos_token_id=0)
    return causal(lambda: hf.GPT2LMHeadModel(config), 61, mask=random.random() < 0.5)


def rotary_sizes(random):
    heads, width, layers = widths(random, heads=(4,))
    return dict(vocab_size=61, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
                num_attention_heads=heads, num_key_value_heads=random.choice((1, 2, 4)), max_position_embeddings=64,
                pad_token_id=0, bos_token_id=1, eos_token_id=2)


def llama(random):
    config = hf.LlamaConfig(**rotary_sizes(random), attention_dropout=random.choice((0.0, 0.1)))
    return causal(lambda: hf.LlamaForCausalLM(config), 61, mask=random.random() < 0.5)


def mistral(random):
    config = hf.MistralConfig(**rotary_sizes(random), sliding_window=random.choice((4, 64)))
    return causal(lambda: hf.MistralForCausalLM(config), 61)


def qwen2(random):
    config = hf.Qwen2Config(**rotary_sizes(random), tie_word_embeddings=True)
    return causal(lambda: hf.Qwen2ForCausalLM(config), 61)


def qwen3(random):
    config = hf.Qwen3Config(**rotary_sizes(random), head_dim=8)
    return causal(lambda: hf.Qwen3ForCausalLM(config), 61, mask=random.random() < 0.5)


def gemma2(random):
    config = hf.Gemma2Config(**rotary_sizes(random), head_dim=8, sliding_window=4)
    return causal(lambda: hf.Gemma2ForCausalLM(config), 61)


def gpt_neox(random):
    heads, width, layers = widths(random)
    config = hf.GPTNeoXConfig(vocab_size=61, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                              intermediate_size=2 * width, max_position_embeddings=64, hidden_dropout=0.1,
                              attention_dropout=0.1, bos_token_id=0, eos_token_id=0)
    return causal(lambda: hf.GPTNeoXForCausalLM(config), 61)


def opt(random):
    heads, width, layers = widths(random)
    config = hf.OPTConfig(vocab_size=61, hidden_size=width, word_embed_proj_dim=width, ffn_dim=2 * width,
                          num_hidden_layers=layers, num_attention_heads=heads, max_position_embeddings=32, layerdrop=0.0)
    return causal(lambda: hf.OPTForCausalLM(config), 61, (r"k_proj\.bias",), mask=True)


def bloom(random):
    heads, width, layers = widths(random)
    config = hf.BloomConfig(vocab_size=61, hidden_size=width, n_layer=layers, n_head=heads, hidden_dropout=0.1,
                            attention_dropout=0.1)
    return causal(lambda: hf.BloomForCausalLM(config), 61, mask=True)


def phi(random):
    heads, width, layers = widths(random)
    config = hf.PhiConfig(vocab_size=61, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers,
                          num_attention_heads=heads, resid_pdrop=0.1, embd_pdrop=0.1)
    return causal(lambda: hf.PhiForCausalLM(config), 61)


def falcon(random):
    heads, width, layers = widths(random)
    config = hf.FalconConfig(vocab_size=61, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                             alibi=random.random() < 0.5, hidden_dropout=0.1)
    return causal(lambda: hf.FalconForCausalLM(config), 61)


def xlnet(random):
    heads, width, layers = widths(random)
    config = hf.XLNetConfig(vocab_size=61, d_model=width, n_layer=layers, n_head=heads, d_inner=2 * width)
    case = causal(lambda: hf.XLNetLMHeadModel(config), 61)
    return dataclasses.replace(case, constants={"use_mems": False})


def mixtral(random):
    config = hf.MixtralConfig(**rotary_sizes(random), num_local_experts=random.choice((2, 4)), num_experts_per_tok=2,
                              output_router_logits=True)
    return causal(lambda: with_batched_experts(hf.MixtralForCausalLM(config)), 61)


def with_batched_experts(model):
    """Experts as products of batched matrices: the default is an operator of Python that no file can name, "eager" a loop over
    the experts that the data chose."""
    model.set_experts_implementation("batched_mm")
    return model


def mamba(random):
    config = hf.MambaConfig(vocab_size=61, hidden_size=16, state_size=4, num_hidden_layers=random.choice((1, 2)),
                            conv_kernel=4, use_cache=False)
    case = causal(lambda: hf.MambaForCausalLM(config), 61)
    fixed = {name: ("batch", None) for name in case.dynamic}  # its recurrence is a loop of Python over the length
    return dataclasses.replace(case, dynamic=fixed, length=8)


# Encoders -----------------------------------------------------------------------------------------------------------------
def masked(make, vocabulary, zero_gradient=()):
    def inputs(batch, length, generator):
        words, mask = tokens(vocabulary, batch, length, generator), mask_of(batch, length, generator)
        chosen = (torch.rand(batch, length, generator=generator) < 0.3) & mask.bool()
        chosen[0, 0] = True
        return {"input_ids": words.where(~chosen, 3), "attention_mask": mask, "labels": words.where(chosen, -100)}

    return Case(make, inputs, dict.fromkeys(("input_ids", "attention_mask", "labels"), ("batch", "length")), zero_gradient)


def encoder_sizes(random, positions=40):
    heads, width, layers = widths(random)
    return dict(vocab_size=61, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                intermediate_size=2 * width, max_position_embeddings=positions)


KEY_BIAS = (r"key\.bias", r"k_lin\.bias", r"key_proj\.bias")


def bert(random):
    config = hf.BertConfig(**encoder_sizes(random))
    return masked(lambda: hf.BertForMaskedLM(config), 61, KEY_BIAS)


def roberta(random):
    config = hf.RobertaConfig(**encoder_sizes(random), pad_token_id=1)
    return masked(lambda: hf.RobertaForMaskedLM(config), 61, KEY_BIAS)


def electra(random):
    config = hf.ElectraConfig(**encoder_sizes(random), embedding_size=8)
    return masked(lambda: hf.ElectraForMaskedLM(config), 61, KEY_BIAS)


def albert(random):
    config = hf.AlbertConfig(**encoder_sizes(random), embedding_size=8, hidden_dropout_prob=0.1)
    return masked(lambda: hf.AlbertForMaskedLM(config), 61, KEY_BIAS)


def distilbert(random):
    heads, width, layers = widths(random)
    config = hf.DistilBertConfig(vocab_size=61, dim=width, n_layers=layers, n_heads=heads, hidden_dim=2 * width,
                                 max_position_embeddings=40)
    return masked(lambda: hf.DistilBertForMaskedLM(config), 61, KEY_BIAS)


def deberta_v2(random):
    config = hf.DebertaV2Config(**encoder_sizes(random), relative_attention=True, position_buckets=8, pos_att_type=["p2c", "c2p"],
                                norm_rel_ebd="layer_norm", share_att_key=True)
    return masked(lambda: hf.DebertaV2ForMaskedLM(config), 61)


# Encoder-decoders ---------------------------------------------------------------------------------------------------------
def translated(make, vocabulary, zero_gradient=()):
    def inputs(batch, length, generator):
        return {"input_ids": tokens(vocabulary, batch, length, generator),
                "attention_mask": mask_of(batch, length, generator),
                "labels": tokens(vocabulary, batch, length - 2, generator)}

    dynamic = {"input_ids": ("batch", "source"), "attention_mask": ("batch", "source"), "labels": ("batch", "target")}
    return Case(make, inputs, dynamic, zero_gradient, {"use_cache": False})


def t5(random):
    heads, width, layers = widths(random)
    config = hf.T5Config(vocab_size=61, d_model=width, d_kv=8, d_ff=2 * width, num_layers=layers, num_heads=heads,
                         relative_attention_num_buckets=8, relative_attention_max_distance=16, decoder_start_token_id=0,
                         feed_forward_proj=random.choice(("relu", "gated-gelu")))
    return translated(lambda: hf.T5ForConditionalGeneration(config), 61)


def bart(random):
    heads, width, layers = widths(random)
    config = hf.BartConfig(vocab_size=61, d_model=width, encoder_layers=layers, decoder_layers=layers, encoder_ffn_dim=2 * width,
                           decoder_ffn_dim=2 * width, encoder_attention_heads=heads, decoder_attention_heads=heads,
                           max_position_embeddings=40)
    return translated(lambda: hf.BartForConditionalGeneration(config), 61, (r"k_proj\.bias",))


# Vision -------------------------------------------------------------------------------------------------------------------
def pictures(make, size, zero_gradient=(), labels=7):
    def inputs(batch, length, generator):
        return {"pixel_values": numbers(generator, batch, 3, size, size), "labels": classes(labels, batch, generator)}

    dynamic = {"pixel_values": ("batch", None, None, None), "labels": ("batch",)}
    return Case(make, inputs, dynamic, zero_gradient)


def vit(random):
    heads, width, layers = widths(random)
    config = hf.ViTConfig(hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=2 * width,
                          image_size=16, patch_size=random.choice((4, 8)), hidden_dropout_prob=0.1, num_labels=7)
    return pictures(lambda: hf.ViTForImageClassification(config), 16, (r"key\.bias", r"k_proj\.bias"))


def swin(random):
    config = hf.SwinConfig(image_size=32, patch_size=4, embed_dim=8, depths=[2, 2], num_heads=[2, 4], window_size=random.choice((2, 4)),
                           hidden_dropout_prob=0.1, drop_path_rate=0.1, num_labels=7)
    return pictures(lambda: hf.SwinForImageClassification(config), 32, (r"key\.bias", r"k_proj\.bias"))


def resnet(random):
    config = hf.ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, random.choice((1, 2))],
                             layer_type=random.choice(("basic", "bottleneck")), num_labels=7)
    return pictures(lambda: hf.ResNetForImageClassification(config), 32)


def convnext(random):
    config = hf.ConvNextConfig(hidden_sizes=[8, 16], depths=[1, random.choice((1, 2))], num_stages=2, patch_size=4,
                               drop_path_rate=0.1, num_labels=7)
    return pictures(lambda: hf.ConvNextForImageClassification(config), 32)


def mobilenet_v2(random):
    config = hf.MobileNetV2Config(depth_multiplier=random.choice((0.25, 0.35)), image_size=32, num_labels=7)
    return pictures(lambda: hf.MobileNetV2ForImageClassification(config), 32)


def segformer(random):
    config = hf.SegformerConfig(num_encoder_blocks=2, depths=[1, random.choice((1, 2))], sr_ratios=[2, 1], hidden_sizes=[8, 16],
                                patch_sizes=[7, 3], strides=[4, 2], num_attention_heads=[1, 2], mlp_ratios=[2, 2],
                                decoder_hidden_size=16, num_labels=5)

    def inputs(batch, length, generator):
        return {"pixel_values": numbers(generator, batch, 3, 32, 32),
                "labels": torch.randint(0, 5, (batch, 32, 32), generator=generator)}

    dynamic = {"pixel_values": ("batch", None, None, None), "labels": ("batch", None, None)}
    return Case(lambda: hf.SegformerForSemanticSegmentation(config), inputs, dynamic, (r"key\.bias", r"linear_c\.\d\.proj\.bias"))


def clip(random):
    heads, width, layers = widths(random)
    sizes = dict(hidden_size=width, intermediate_size=2 * width, num_hidden_layers=layers, num_attention_heads=heads)
    config = hf.CLIPConfig(text_config=dict(**sizes, vocab_size=61, max_position_embeddings=20, eos_token_id=2, bos_token_id=1,
                                            pad_token_id=0),
                           vision_config=dict(**sizes, image_size=16, patch_size=8), projection_dim=16)

    def inputs(batch, length, generator):
        words = tokens(60, batch, length, generator)
        words[:, -1] = 2  # the end, from which the text's features are taken
        return {"input_ids": words, "pixel_values": numbers(generator, batch, 3, 16, 16)}

    dynamic = {"input_ids": ("batch", "length"), "pixel_values": ("batch", None, None, None)}
    return Case(lambda: hf.CLIPModel(config), inputs, dynamic, (r"k_proj\.bias",), loss=contrastive)


def contrastive(outputs):
    """As CLIPModel's own, which takes len() of a tensor, and so fixes the batch."""
    logits = outputs.logits_per_text
    right = torch.arange(logits.shape[0])
    return (F.cross_entropy(logits, right) + F.cross_entropy(logits.t(), right)) / 2


# Speech -------------------------------------------------------------------------------------------------------------------
def wav2vec2(random):
    heads, width, layers = widths(random)
    config = hf.Wav2Vec2Config(num_labels=5, hidden_size=width, num_hidden_layers=layers, num_attention_heads=heads,
                               intermediate_size=2 * width, conv_dim=(8, 8), conv_stride=(4, 4), conv_kernel=(8, 4),
                               num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2, mask_time_prob=0.0, layerdrop=0.0,
                               feat_extract_norm=random.choice(("group", "layer")))

    def inputs(batch, length, generator):
        return {"input_values": numbers(generator, batch, 40 * length), "labels": classes(5, batch, generator)}

    dynamic = {"input_values": ("batch", "samples"), "labels": ("batch",)}
    return Case(lambda: hf.Wav2Vec2ForSequenceClassification(config), inputs, dynamic, (r"k_proj\.bias",))


def whisper(random):
    heads, width, layers = widths(random)
    config = hf.WhisperConfig(vocab_size=61, d_model=width, encoder_layers=layers, decoder_layers=layers, num_mel_bins=8,
                              encoder_attention_heads=heads, decoder_attention_heads=heads, encoder_ffn_dim=2 * width,
                              decoder_ffn_dim=2 * width, max_source_positions=16, max_target_positions=20, dropout=0.1,
                              pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1)

    def inputs(batch, length, generator):
        return {"input_features": numbers(generator, batch, 8, 32), "labels": tokens(61, batch, length, generator)}

    dynamic = {"input_features": ("batch", None, None), "labels": ("batch", "length")}
    return Case(lambda: hf.WhisperForConditionalGeneration(config), inputs, dynamic, (), {"use_cache": False})


TRANSFORMERS = {
    "gpt2": Architecture(gpt2, "decoder", "transformers"),
    "llama": Architecture(llama, "decoder", "transformers"),
    "mistral": Architecture(mistral, "decoder", "transformers"),
    "qwen2": Architecture(qwen2, "decoder", "transformers"),
    "qwen3": Architecture(qwen3, "decoder", "transformers"),
    "gemma2": Architecture(gemma2, "decoder", "transformers"),
    "gpt_neox": Architecture(gpt_neox, "decoder", "transformers"),
    "opt": Architecture(opt, "decoder", "transformers"),
    "bloom": Architecture(bloom, "decoder", "transformers"),
    "phi": Architecture(phi, "decoder", "transformers"),
    "falcon": Architecture(falcon, "decoder", "transformers"),
    "xlnet": Architecture(xlnet, "permutation decoder", "transformers"),
    "mamba": Architecture(mamba, "state-space decoder", "transformers"),
    "mixtral": Architecture(mixtral, "mixture of experts", "transformers"),
    "bert": Architecture(bert, "encoder", "transformers"),
    "roberta": Architecture(roberta, "encoder", "transformers"),
    "electra": Architecture(electra, "encoder", "transformers"),
    "albert": Architecture(albert, "encoder", "transformers"),
    "distilbert": Architecture(distilbert, "encoder", "transformers"),
    "deberta_v2": Architecture(deberta_v2, "encoder", "transformers"),
    "t5": Architecture(t5, "encoder-decoder", "transformers"),
    "bart": Architecture(bart, "encoder-decoder", "transformers"),
    "vit": Architecture(vit, "vision transformer", "transformers"),
    "swin": Architecture(swin, "vision transformer", "transformers"),
    "clip": Architecture(clip, "image and text", "transformers"),
    "resnet": Architecture(resnet, "residual convnet", "transformers"),
    "convnext": Architecture(convnext, "residual convnet", "transformers"),
    "mobilenet_v2": Architecture(mobilenet_v2, "residual convnet", "transformers"),
    "segformer": Architecture(segformer, "segmentation", "transformers"),
    "wav2vec2": Architecture(wav2vec2, "speech", "transformers"),
    "whisper": Architecture(whisper, "speech", "transformers"),
}
