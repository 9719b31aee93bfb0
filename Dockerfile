# The serving image: CPU only, no TensorFlow. tests/http/test_image_steps.py runs these very steps without Docker.
# `docker build --target training -t cxr-dash-training .` makes the other one, which trains.

FROM python:3.12-slim AS builder
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/cxr-dash
RUN python -m venv /opt/venv
ENV PATH="/opt/venv/bin:$PATH"
# Dependencies first: this layer is built again only when the lock changes. Every package's hash is checked.
COPY requirements/serve.lock requirements/serve.lock
RUN python -m pip install --require-hashes -r requirements/serve.lock
COPY pyproject.toml README.md LICENSE app.py gunicorn.conf.py ./
COPY cxr_dash cxr_dash
# Git stays outside: `--build-arg VERSION=0.2.0` says what a tag would.
ARG VERSION=""
RUN SETUPTOOLS_SCM_PRETEND_VERSION_FOR_CXR_DASH="$VERSION" python -m pip install --no-deps --no-build-isolation -e . \
    && python -m compileall -q cxr_dash \
    && chmod -R a+rX .

# Files come with the modes of the checkout: made under a umask of 027, they are root's alone until this is said.
FROM builder AS readable
COPY assets assets
COPY models models
RUN chmod -R a+rX assets models

# Films, weights and runs are mounted: docs/training.md.
FROM builder AS training
COPY requirements/train.lock requirements/train.lock
RUN python -m pip install --require-hashes -r requirements/train.lock
COPY training training
COPY --from=readable /srv/cxr-dash/models /srv/cxr-dash/models
RUN chmod -R a+rX requirements training && useradd --uid 10001 trainer && mkdir -m 0777 runs
USER 10001
ENTRYPOINT ["python", "-m", "training"]

FROM python:3.12-slim
ARG VERSION=""
ARG REVISION=""
LABEL org.opencontainers.image.title="cxr-dash" \
      org.opencontainers.image.description="Decision support for chest films in the browser" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# A user of its own, who may write nothing but the folder in which films wait and that of the reference library.
RUN groupadd --gid 10001 cxr \
    && useradd --uid 10001 --gid cxr --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin cxr \
    && mkdir -m 0700 /var/cache/cxr-dash \
    && mkdir -m 0700 /var/lib/cxr-dash \
    && chown cxr:cxr /var/cache/cxr-dash /var/lib/cxr-dash
WORKDIR /srv/cxr-dash
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /srv/cxr-dash /srv/cxr-dash
COPY --from=readable /srv/cxr-dash/assets /srv/cxr-dash/assets
COPY --from=readable /srv/cxr-dash/models /srv/cxr-dash/models
ENV PATH="/opt/venv/bin:$PATH" \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    CXR_HOST=0.0.0.0 \
    CXR_PORT=8050 \
    CXR_CACHE_DIR=/var/cache/cxr-dash \
    CXR_LIBRARY_DIR=/var/lib/cxr-dash/library
USER 10001:10001
VOLUME ["/var/cache/cxr-dash", "/var/lib/cxr-dash"]
EXPOSE 8050
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['CXR_PORT'] + '/healthz', timeout=3)"]
CMD ["gunicorn", "app:server"]
