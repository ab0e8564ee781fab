# Asterisk 22 as Debian sid packages it (Debian 12 and 13 have none). It holds no configuration and no secret: the
# configuration comes into /etc/asterisk from outside (compose.yaml has it written by `callserver asterisk render`).
#   docker build -f docker/asterisk.Dockerfile -t callserver-asterisk docker
ARG BASE=debian:sid-slim
FROM ${BASE}
LABEL org.opencontainers.image.title="callserver-asterisk" \
      org.opencontainers.image.description="Debian's Asterisk for callserver, without a configuration."
# The same number as in callserver's image: it writes the configuration and reads the journals over shared volumes.
# Debian's package would make the user itself; here it finds one.
RUN groupadd --gid 10001 asterisk \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/asterisk --shell /usr/sbin/nologin asterisk \
 && apt-get update \
 && apt-get install --yes --no-install-recommends \
      asterisk asterisk-core-sounds-en-gsm asterisk-moh-opsound-wav \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /etc/asterisk/* \
 && install --directory --owner asterisk --group asterisk --mode 0750 \
      /etc/asterisk /run/asterisk /var/spool/asterisk /var/lib/asterisk \
      /var/log/asterisk /var/log/asterisk/cdr-csv /var/log/asterisk/cel-custom \
 && chown -R asterisk:asterisk /var/lib/asterisk /var/spool/asterisk /var/log/asterisk \
 # sid moves: an image with another Asterisk than the one that the configuration is for must not come about
 && asterisk -V | grep '^Asterisk 22\.'
USER 10001:10001
WORKDIR /var/lib/asterisk
VOLUME ["/var/lib/asterisk", "/var/log/asterisk", "/var/spool/asterisk"]
EXPOSE 5060/udp 10000-20000/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["asterisk", "-rx", "core waitfullybooted"]
ENTRYPOINT ["asterisk", "-f", "-n"]
