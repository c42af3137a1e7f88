# Two commands: `make run` and `make test`. Each sets everything up first; nothing is installed outside .venv.
.DEFAULT_GOAL := help
.PHONY: help setup run test check clean

VENV := .venv
PY := $(VENV)/bin/python
STAMP := $(VENV)/.ready
PLAN ?= configs/sample.yaml

# The first interpreter that Fiona's wheels support; PYTHON=/path/to/python overrides the search.
FIND := for p in $(PYTHON) python3.12 python3.13 python3.11 python3 python; do \
	  "$$p" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	    2>/dev/null && { echo "$$p"; break; }; done

help:
	@echo "make run   安装环境并运行 configs/sample.yaml（可用 PLAN=路径 换成别的方案）"
	@echo "make test  安装环境并运行测试"
	@echo "make clean 删除环境与构建文件（不动 output/）"

$(STAMP): pyproject.toml constraints.txt
	@found=$$($(FIND)); \
	if [ -z "$$found" ]; then \
	  echo "需要 Python 3.11、3.12 或 3.13（含 venv）。本机没有找到；请先安装，或用 make PYTHON=/路径/python3.12 指定。"; \
	  echo "Python 3.11-3.13 with venv is needed; install one or pass PYTHON=/path/to/python3.12."; \
	  exit 1; fi; \
	echo "使用 $$($$found --version)，正在安装依赖（首次约需 1 分钟）……"; \
	rm -rf $(VENV); "$$found" -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
# Only for its copy of the ISO 19139 XSDs, which the metadata is tested by; its own needs are not ours.
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -c constraints.txt pycsw \
	  || echo "没有取得 pycsw：元数据的 XSD 校验将跳过。"
	@touch $(STAMP)

setup: $(STAMP)

run: $(STAMP)
	@$(VENV)/bin/haoshequ run $(PLAN)

test: $(STAMP)
	@$(PY) -m pytest -n auto --maxprocesses 4 --dist loadgroup --no-loadscope-reorder

check: $(STAMP)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .mypy_cache
