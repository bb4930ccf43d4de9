"""A tiny Whisper of random weights, as CTranslate2 reads it: it hears nonsense, letter by letter."""

from __future__ import annotations

from pathlib import Path

LANGUAGES = ("<|en|>", "<|de|>")
SIGNS = (
    *("<|endoftext|>", "<|startoftranscript|>", *LANGUAGES, "<|translate|>", "<|transcribe|>", "<|startoflm|>"),
    *("<|startofprev|>", "<|nospeech|>", "<|notimestamps|>", *(f"<|{n * 0.02:.2f}|>" for n in range(1501))),
)


def build_tiny_whisper(folder: Path) -> Path:
    """Write the model and give its folder; needs torch, transformers and ctranslate2."""
    import torch
    from ctranslate2.converters import TransformersConverter
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, WhisperConfig, WhisperFeatureExtractor
    from transformers import WhisperForConditionalGeneration as Whisper

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    words.add_special_tokens([AddedToken(sign, special=True) for sign in SIGNS])
    ids = {sign: words.token_to_id(sign) for sign in SIGNS}
    end = ids["<|endoftext|>"]
    torch.manual_seed(1)
    config = WhisperConfig(
        vocab_size=words.get_vocab_size(), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, pad_token_id=end, bos_token_id=end,
        eos_token_id=end, decoder_start_token_id=ids["<|startoftranscript|>"],
        suppress_tokens=[], begin_suppress_tokens=[],
    )  # fmt: skip
    model = Whisper(config)
    model.generation_config.alignment_heads = [[0, 0]]
    model.generation_config.lang_to_id = {language: ids[language] for language in LANGUAGES}
    model.generation_config.suppress_tokens = model.generation_config.begin_suppress_tokens = []
    model.generation_config.no_timestamps_token_id = ids["<|notimestamps|>"]
    source, target = str(folder / "transformers"), folder / "ctranslate2"
    model.save_pretrained(source)
    PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<|endoftext|>").save_pretrained(source)
    WhisperFeatureExtractor().save_pretrained(source)
    copied = ["tokenizer.json", "preprocessor_config.json"]
    TransformersConverter(source, copy_files=copied).convert(str(target))
    return target
