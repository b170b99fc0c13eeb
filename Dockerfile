# One kts node. It answers on port 9092 and keeps its data in /var/lib/kts:
#   docker build -t kts . && docker run -p 9092:9092 -v kts:/var/lib/kts kts
# Settings as in the images of Apache, Confluent, Bitnami and wurstmeister; Kafka's scripts are in /opt/kafka/bin.

FROM node:24-slim AS build
WORKDIR /kts
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --loglevel=error --pack-destination /tmp && mv /tmp/kts-*.tgz /tmp/kts.tgz

FROM node:24-slim
COPY --from=build /tmp/kts.tgz /tmp/kts.tgz
RUN npm install --global --omit=dev --ignore-scripts --no-audit --no-fund /tmp/kts.tgz \
  && rm /tmp/kts.tgz && npm cache clean --force && kts shims /opt/kafka/bin >/dev/null \
  && mkdir -p /var/lib/kts && chown node:node /var/lib/kts
USER node
VOLUME /var/lib/kts
EXPOSE 9092
# Listens on every address, and tells clients localhost:9092 unless they are told otherwise.
ENV KTS_CONTAINER=1 \
    PATH=$PATH:/opt/kafka/bin
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s --retries=3 CMD ["kts", "ready", "--timeout", "5s"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kts"]
CMD ["server-start", "--data-dir", "/var/lib/kts"]
