#!/usr/bin/env bash
# Packages: transformers==5.23.0, tokenizers==0.23.3
# Behaviour: A folder whose `tokenizer.json` splits text as Llama 3 does (a regular expression, then bytes) is opened with
#   `LlamaTokenizerFast.from_pretrained`, the class that pipelines of that time name for it. transformers 5 takes the
#   vocabulary and the merges from the file and builds the splitting anew, as Llama 1 had it: spaces are lost, and words
#   fall into more and other tokens. `PreTrainedTokenizerFast.from_pretrained` of the same folder reads the file as it
#   is. Neither says a word.
# Why it matters: HunyuanVideo's pipeline names that class, and cuts its template off the encoded prompt by position (95
#   tokens). With more tokens in the template the cut is in the middle of it: every prompt is wrong, and longer ones lose
#   their end, with no error; a policy would be trained on captions that nobody wrote.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet transformers==5.23.0 tokenizers==0.23.3
"$work/venv/bin/python" - "$work/model" <<'PY'
import sys
import tokenizers, transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaTokenizerFast, PreTrainedTokenizerFast
print('transformers', transformers.__version__, 'tokenizers', tokenizers.__version__)

WORDS = 'describe the video by detailing the following aspects: color, shape, size, texture'
SPLIT = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+"
made = Tokenizer(models.BPE())
made.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.Split(Regex(SPLIT), 'isolated'),
    pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
])
made.decoder = decoders.ByteLevel()
made.train_from_iterator([WORDS]*20, trainers.BpeTrainer(
    vocab_size=500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), special_tokens=['<|begin|>', '<|end|>'],
))
folder = sys.argv[1]
PreTrainedTokenizerFast(tokenizer_object=made, bos_token='<|begin|>', eos_token='<|end|>').save_pretrained(folder)

by_file = PreTrainedTokenizerFast.from_pretrained(folder)
by_class = LlamaTokenizerFast.from_pretrained(folder)
print('in the file:            ', len(made.encode(WORDS).tokens), made.encode(WORDS).tokens)
print('PreTrainedTokenizerFast:', len(by_file.tokenize(WORDS)), by_file.tokenize(WORDS))
print('LlamaTokenizerFast:     ', len(by_class.tokenize(WORDS)), by_class.tokenize(WORDS))
assert by_file.tokenize(WORDS) == made.encode(WORDS).tokens
assert len(by_class.tokenize(WORDS)) > 1.5*len(by_file.tokenize(WORDS))
assert not any(t.startswith('Ġ') for t in by_class.tokenize(WORDS)), 'spaces are kept'
print('as described')
PY
