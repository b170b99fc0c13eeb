/** What every client needs to know, with the defaults of Kafka's clients. */
export interface ClientSettings {
  readonly bootstrapServers: string;
  readonly clientId: string;
  /** How long one answer may take. */
  readonly requestTimeoutMs: number;
  /** How long one call may take, with its repetitions. */
  readonly apiTimeoutMs: number;
  /** How long nobody may answer at all before the first answer came. */
  readonly bootstrapPatienceMs: number;
  /** Doubled with each failure in a row, up to the maximum. */
  readonly connectTimeoutMs: number;
  readonly connectTimeoutMaxMs: number;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** Connections that nobody used for so long are closed; below 0 never. */
  readonly connectionsMaxIdleMs: number;
  /** How often a call over a failing connection is repeated within its time. */
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly metadataMaxAgeMs: number;
  /** What is asked when no known broker answers: the bootstrap addresses again, or nobody else. */
  readonly metadataRecovery: 'rebootstrap' | 'none';
}

export const DEFAULT_SETTINGS: ClientSettings = {
  bootstrapServers: 'localhost:9092',
  clientId: 'kts',
  requestTimeoutMs: 30_000,
  apiTimeoutMs: 60_000,
  bootstrapPatienceMs: 60_000,
  connectTimeoutMs: 10_000,
  connectTimeoutMaxMs: 30_000,
  reconnectBackoffMs: 50,
  reconnectBackoffMaxMs: 1_000,
  connectionsMaxIdleMs: 540_000,
  retries: 0x7fff_ffff,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  metadataMaxAgeMs: 300_000,
  metadataRecovery: 'rebootstrap',
};
