ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
# Two environments: what builds the wheels stays behind, what trains is copied. pip lives in the first alone.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/digits
COPY requirements/build.lock requirements/training.lock requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.lock \
    && /opt/build/bin/pip --python /opt/digits/bin/python install --no-cache-dir \
        --require-hashes -r requirements/training.lock
COPY models models
COPY core core
COPY training_pipeline training_pipeline
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels \
        ./core ./training_pipeline \
    && /opt/build/bin/pip --python /opt/digits/bin/python install --no-cache-dir --no-deps --no-index wheels/*.whl

FROM ${BASE_IMAGE}
COPY --from=build /opt/digits /opt/digits
ENV PATH=/opt/digits/bin:$PATH \
    PYTHONUNBUFFERED=1
# work/, which docker run mounts here, belongs to whom --user names. What was trained is published from a checkout.
USER 10001:10001
WORKDIR /digits
ENTRYPOINT ["digits-train"]
CMD ["--help"]
