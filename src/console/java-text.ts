/** How Java prints an exception of Kafka's client. */
import { errorRow } from '../protocol/error-codes.ts';
import { KafkaError } from '../protocol/kafka-error.ts';

/** `org.apache.kafka.common.errors.X: words`, as Java prints an exception. */
export function javaText(error: unknown): string {
  if (!(error instanceof KafkaError)) return error instanceof Error ? error.message : String(error);
  return `org.apache.kafka.common.errors.${errorRow(error.code).exception}: ${error.message}`;
}
