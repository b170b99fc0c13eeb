/** The version of kts, and the version of Kafka whose behaviour it mirrors. */
export const KTS_VERSION = '0.1.0';
export const KAFKA_VERSION = '4.3.1';
