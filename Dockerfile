# wfprov in a container: `docker run -v "$PWD:/work" wfprov check`
FROM python:3.12-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md LICENSE ./
COPY src ./src
RUN python -m venv /opt/wfprov \
 && /opt/wfprov/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.12-slim-bookworm
# git is for `plan --new-access`
RUN apt-get update \
 && apt-get install --yes --no-install-recommends git \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/wfprov /opt/wfprov
ENV PATH=/opt/wfprov/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["wfprov"]
CMD ["--help"]
