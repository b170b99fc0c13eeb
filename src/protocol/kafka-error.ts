/**
 * The two errors of the wire. KafkaError is expected and has a code that Kafka's protocol defines; there is one class
 * for all codes. ProtocolError says that bytes are not what the protocol allows: the connection is closed.
 */
export class KafkaError extends Error {
  override readonly name = 'KafkaError';
  /** A code of error-codes.ts. */
  readonly code: number;

  constructor(code: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
