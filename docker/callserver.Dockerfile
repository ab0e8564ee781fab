# callserver: Debian's own Python 3.11, the locked packages, nothing else. Build from the top of the repository:
#   docker build -f docker/callserver.Dockerfile -t callserver .
# Without an engine: docker/build.sh. Both stages have the same base, so the virtual environment may move.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/callserver
WORKDIR /src
COPY requirements.lock requirements-dev.lock ./
# Only files whose hash was written down when they were tested; setuptools builds our own package and goes again.
RUN /opt/callserver/bin/pip install --quiet --require-hashes --only-binary :all: --requirement requirements.lock \
 && sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > setuptools.lock \
 && /opt/callserver/bin/pip install --quiet --require-hashes --only-binary :all: --requirement setuptools.lock
COPY . .
RUN /opt/callserver/bin/pip install --quiet --no-deps --no-build-isolation --no-index . \
 && /opt/callserver/bin/pip uninstall --quiet --yes setuptools pip \
 && /opt/callserver/bin/callserver version

FROM ${BASE}
LABEL org.opencontainers.image.title="callserver" \
      org.opencontainers.image.description="Follows every call of an Asterisk and loses none." \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && groupadd --gid 10001 callserver \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/callserver --shell /usr/sbin/nologin \
      callserver \
 && install --directory --owner callserver --group callserver --mode 0750 \
      /var/lib/callserver /etc/callserver /etc/asterisk
COPY --from=build /opt/callserver /opt/callserver
# Nothing is written outside /var/lib/callserver (and /etc/asterisk by `asterisk render`): the root may be read-only.
ENV PATH=/opt/callserver/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LANG=C.UTF-8 \
    CALLSERVER_DATABASE_URL=sqlite:////var/lib/callserver/callserver.db \
    CALLSERVER_WEB_HOST=0.0.0.0 \
    CALLSERVER_LOG_JSON=true
USER 10001:10001
WORKDIR /var/lib/callserver
VOLUME ["/var/lib/callserver"]
EXPOSE 8088
# SIGTERM ends it in good order, each stage within its deadline ([node] stop_s).
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["python3", "-c", "\
import os, urllib.request as http; \
http.urlopen('http://127.0.0.1:' + os.environ.get('CALLSERVER_WEB_PORT', '8088') + '/healthz', timeout=4)"]
ENTRYPOINT ["callserver"]
CMD ["serve"]
