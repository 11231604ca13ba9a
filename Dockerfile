# docker build --tag mim-ecs . && docker run --rm -i mim-ecs normalize < events.ndjson

FROM python:3.11-slim AS build
COPY . /source
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels /source

FROM python:3.11-slim
# Dependencies first: this layer stays while only the project changes.
COPY requirements/runtime.txt /tmp/runtime.txt
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/runtime.txt
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps --no-index /tmp/wheels/*.whl \
    && useradd --create-home mim-ecs
USER mim-ecs
WORKDIR /home/mim-ecs
ENTRYPOINT ["mim-ecs"]
