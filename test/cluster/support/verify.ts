/** After the last fault: a cluster that is whole again holds the same bytes everywhere. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestCluster } from './nodes.ts';
import { compareReplicas, replicaDirectory } from './replica-bytes.ts';

export interface VerifiedBytes {
  readonly partitions: number;
  readonly batches: number;
  readonly bytes: number;
  readonly metadataBatches: number;
}

const METADATA = '__cluster_metadata-0';

/** Where the high watermark of each partition is: its leader's answer to a fetch at the end. */
async function settledEnd(directories: readonly { readonly name: string; readonly path: string }[]): Promise<void> {
  let last: unknown;
  // Followers write a moment after the leader: they are looked at again before they are blamed.
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      compareReplicas(directories, Number.MAX_SAFE_INTEGER);
      return;
    } catch (error) {
      last = error;
      await sleep(100);
    }
  }
  throw last;
}

/** Producers are still by now: every replica of every partition of these topics is the same to its end. */
async function verifyPartitions(cluster: TestCluster, topics: readonly string[] | null): Promise<VerifiedBytes> {
  const partitions = await cluster.probe.untilWhole(cluster.brokers.length);
  let [count, batches, bytes] = [0, 0, 0];
  for (const { topic, partition, replicas } of partitions) {
    if (topics !== null && !topics.includes(topic)) continue;
    const directories = replicas.map((id) => {
      const found = replicaDirectory(cluster.node(id).data.split(','), `${topic}-${partition}`);
      if (found === undefined) throw new Error(`node ${id} has no directory of ${topic}-${partition}`);
      return { name: `node ${id}`, path: found };
    });
    try {
      await settledEnd(directories);
    } catch (error) {
      throw new Error(`${topic}-${partition}: ${(error as Error).message}`);
    }
    const compared = compareReplicas(directories, Number.MAX_SAFE_INTEGER);
    count++;
    batches += compared.batches;
    bytes += compared.bytes;
  }
  return { partitions: count, batches, bytes, metadataBatches: 0 };
}

/** The metadata log of every node, voters and observers, up to where it is committed and all of them are. */
async function verifyMetadata(cluster: TestCluster): Promise<number> {
  const { highWatermark, currentVoters, observers } = await cluster.probe.quorum();
  const deadline = Date.now() + 30_000;
  const end = Number(highWatermark);
  for (;;) {
    const { currentVoters: voters, observers: others } = await cluster.probe.quorum();
    if ([...voters, ...others].every(({ logEndOffset }) => Number(logEndOffset) >= end)) break;
    if (Date.now() > deadline) {
      const words = [...currentVoters, ...observers].map(
        ({ replicaId, logEndOffset }) => `${replicaId}: ${logEndOffset}`,
      );
      throw new Error(`the metadata log is not everywhere at ${end}: ${words.join(', ')}`);
    }
    await sleep(100);
  }
  const directories = cluster.nodes.map((node) => ({
    name: `node ${node.id}`,
    path: path.join(node.data.split(',')[0] as string, METADATA),
  }));
  return compareReplicas(directories, end).batches;
}

/** `topics`: these alone; null for all, internal ones too. */
export async function verifyBytes(
  cluster: TestCluster,
  topics: readonly string[] | null = null,
): Promise<VerifiedBytes> {
  const verified = await verifyPartitions(cluster, topics);
  return { ...verified, metadataBatches: await verifyMetadata(cluster) };
}
