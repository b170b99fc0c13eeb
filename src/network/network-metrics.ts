/** Plain counters of a request server: cheap to count, read by whoever renders metrics. */
export class NetworkMetrics {
  connectionsAccepted = 0;
  connectionsOpen = 0;
  connectionsRefused = 0;
  connectionsIdleClosed = 0;
  bytesIn = 0;
  bytesOut = 0;
  requests = 0;
  responses = 0;
  /** Connections ended over bytes that are not Kafka's protocol. */
  protocolErrors = 0;
  /** Handlers that failed with something other than a KafkaError. */
  handlerFailures = 0;
  /** Times that a connection's reading was stopped: its own requests, all requests' memory, or its unread answers. */
  pauses = 0;
  /** By API key. */
  readonly requestsOf: number[] = [];

  countRequest(apiKey: number): void {
    this.requests++;
    this.requestsOf[apiKey] = (this.requestsOf[apiKey] ?? 0) + 1;
  }
}
