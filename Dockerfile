# impasto as a server: docker build -t impasto . && docker run --rm -p 8000:8000 -e IMPASTO_TOKEN=... impasto
# docs/server.md says how to run it with a read-only root. `scripts/check-container` runs these steps in a fresh folder.
FROM python:3.12-slim AS built
COPY . /source
RUN python -m venv /opt/impasto \
 && /opt/impasto/bin/pip install --no-cache-dir --disable-pip-version-check "/source[server]"

FROM python:3.12-slim
# OpenCV's wheel for desktops asks for these.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home --home-dir /data impasto
COPY --from=built /opt/impasto /opt/impasto
USER 10001
ENV HOME=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/opt/impasto/bin/python", "-c", \
    "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
ENTRYPOINT ["/opt/impasto/bin/impasto", "serve", "--host", "0.0.0.0", "--folder", "/data"]
