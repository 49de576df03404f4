ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
# Two environments: what builds the wheels stays behind, what serves is copied. pip lives in the first alone.
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/digits
COPY requirements/build.lock requirements/gateway.lock requirements/
RUN /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.lock \
    && /opt/build/bin/pip --python /opt/digits/bin/python install --no-cache-dir \
        --require-hashes -r requirements/gateway.lock
COPY proto proto
COPY clients clients
RUN /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels \
        ./proto ./clients/python ./clients/gateway \
    && /opt/build/bin/pip --python /opt/digits/bin/python install --no-cache-dir --no-deps --no-index wheels/*.whl

FROM ${BASE_IMAGE}
COPY --from=build /opt/digits /opt/digits
ENV PATH=/opt/digits/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DIGITS_HOST=0.0.0.0
USER 10001:10001
WORKDIR /opt/digits
EXPOSE 5000
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["python", "-m", "digits_gateway", "check"]
CMD ["python", "-m", "digits_gateway"]
