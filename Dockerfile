# One image for all four services. Registry and package index are build arguments: nothing here names one.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
# Read by pip itself; unset, its own settings decide.
ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
WORKDIR /source
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /locks/all.lock
COPY deploy/requirements.lock /locks/running.lock
RUN python -m venv /tools && /tools/bin/pip install --require-hashes -r /locks/all.lock
RUN python -m venv /opt/gonghui && /opt/gonghui/bin/pip install --require-hashes -r /locks/running.lock
COPY pyproject.toml README.md ./
COPY shared shared
COPY services services
RUN /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/gonghui/bin/pip install --no-deps --no-index /wheels/*.whl \
    && /opt/gonghui/bin/pip uninstall --yes pip setuptools \
    && /opt/gonghui/bin/python -m compileall -q /opt/gonghui

FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin gonghui \
    && install --directory --owner 10001 --group 10001 --mode 700 /var/lib/gonghui
COPY --from=build /opt/gonghui /opt/gonghui
ENV PATH=/opt/gonghui/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 GONGHUI_LOG_FORMAT=json
WORKDIR /opt/gonghui
USER 10001:10001
CMD ["gonghui", "--help"]
