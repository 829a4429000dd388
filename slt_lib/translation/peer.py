"""The peer of the benchmarks: `transformers`' Speech2Text at the size of one of our models."""

from slt_lib.translation.features import CHANNELS, JOINTS
from slt_lib.translation.settings import ModelSettings
from slt_lib.translation.vocabulary import BOS, EOS, PAD


def speech2text(settings: ModelSettings, words: int):
    """A Speech2Text with random weights and our width, layers, heads, vocabulary and stride of 4.

    Its input is as many numbers per frame as our features have, float [batch, frames, 420].

    Args:
        settings: Of the model that it is compared with.
        words: Size of the text vocabulary, special words included.

    Raises:
        ImportError: If transformers isn't installed (extra `pretrained`).

    Source: Wang et al. 2020, https://arxiv.org/abs/2010.05171
    """
    from transformers import Speech2TextConfig, Speech2TextForConditionalGeneration

    return Speech2TextForConditionalGeneration(
        Speech2TextConfig(
            vocab_size=words, d_model=settings.width, dropout=settings.dropout,
            encoder_layers=settings.encoder_layers, encoder_ffn_dim=settings.feedforward,
            encoder_attention_heads=settings.heads, decoder_layers=settings.decoder_layers,
            decoder_ffn_dim=settings.feedforward, decoder_attention_heads=settings.heads,
            activation_function="gelu", num_conv_layers=2, conv_kernel_sizes=(3, 3),
            conv_channels=2 * settings.width, input_feat_per_channel=JOINTS * CHANNELS,
            pad_token_id=PAD, bos_token_id=BOS, eos_token_id=EOS, decoder_start_token_id=BOS,
        )
    )  # fmt: skip
