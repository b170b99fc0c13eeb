# One kts node. It answers on port 9092 and keeps its data in /var/lib/kts:
#   docker build -t kts . && docker run -p 9092:9092 -v kts:/var/lib/kts kts
# Settings as in Apache Kafka's image: every KAFKA_* variable is a key of server.properties.

FROM node:24-slim AS build
WORKDIR /kts
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm pack --loglevel=error --pack-destination /tmp && mv /tmp/kts-*.tgz /tmp/kts.tgz

FROM node:24-slim
COPY --from=build /tmp/kts.tgz /tmp/kts.tgz
RUN npm install --global --omit=dev --ignore-scripts --no-audit --no-fund /tmp/kts.tgz \
  && rm /tmp/kts.tgz && npm cache clean --force \
  && mkdir -p /var/lib/kts && chown node:node /var/lib/kts
USER node
VOLUME /var/lib/kts
EXPOSE 9092
# Inside a container loopback is not enough: clients come from outside, and reach the published port as localhost.
ENV KAFKA_LISTENERS=PLAINTEXT://:9092,CONTROLLER://127.0.0.1:9093 \
    KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:9092
HEALTHCHECK --interval=10s --timeout=6s --start-period=10s --retries=3 CMD ["kts", "ready", "--timeout", "5s"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["kts"]
CMD ["server-start", "--data-dir", "/var/lib/kts"]
