/** Apache Kafka's controller, over its listener; what it writes is read from its metadata log. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ImageBuilder } from '../../../src/metadata/image-builder.ts';
import { decodeRecord, type MetadataRecord } from '../../../src/metadata/records.ts';
import type { Api } from '../../../src/network/api.ts';
import { ClientLink } from '../../../src/network/client-link.ts';
import { nodeRuntime } from '../../../src/runtime/node-runtime.ts';
import { committedBatches } from '../../metadata/support.ts';
import type { Target } from './world.ts';

const LOG = '__cluster_metadata-0/00000000000000000000.log';
const REQUEST_TIMEOUT_MS = 30_000;
const HEARTBEAT_INTERVAL_MS = 500;

export class KafkaTarget implements Target {
  readonly #link: ClientLink;
  readonly #logFile: string;
  #taken = 0;

  private constructor(link: ClientLink, logFile: string) {
    this.#link = link;
    this.#logFile = logFile;
  }

  static async connect(port: number, directory: string): Promise<KafkaTarget> {
    const link = await ClientLink.open({
      runtime: nodeRuntime,
      address: { host: '127.0.0.1', port },
      clientId: 'parity',
      connectTimeoutMs: REQUEST_TIMEOUT_MS,
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      idleMs: -1,
    });
    return new KafkaTarget(link, path.join(directory, LOG));
  }

  close(): void {
    this.#link.close();
  }

  send<In, Out>(which: Api<In, Out>, version: number, value: In): Promise<Out> {
    return this.#link.send(which, version, value, REQUEST_TIMEOUT_MS);
  }

  #batches() {
    return committedBatches(readFileSync(this.#logFile));
  }

  async takeRecords(): Promise<readonly MetadataRecord[]> {
    const values = this.#batches().flatMap((batch) => batch.values);
    const fresh = values.slice(this.#taken);
    this.#taken = values.length;
    return fresh.map((value) => decodeRecord(value));
  }

  async silence(ids: readonly number[], heartbeat: () => Promise<void>): Promise<void> {
    for (;;) {
      const builder = new ImageBuilder();
      for (const batch of this.#batches()) builder.applyBatch(batch);
      if (ids.every((id) => builder.image.brokers.get(id)?.fenced !== false)) return;
      await sleep(HEARTBEAT_INTERVAL_MS);
      await heartbeat();
    }
  }
}
