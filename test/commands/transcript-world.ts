/** What the scenes of recorded runs are played in: a broker, a scratch directory, and the means to set the stage. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/base/logger.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { type EmbeddedNode, startEmbeddedNode } from '../../src/server/embedded-node.ts';
import { runTool } from '../support/run-tool.ts';
import type { Substitutions } from '../support/transcripts.ts';

export interface World extends AsyncDisposable {
  readonly bootstrap: string;
  readonly values: Substitutions;
  readonly scratch: string;
  /** The broker knows groups of the consumer protocol. */
  readonly hasNewGroups: boolean;
  /** The broker knows quotas, and credentials of users. */
  readonly hasQuotas: boolean;
  /** The broker keeps rules of who may do what. */
  readonly hasAuthorizer: boolean;
  /** A member of such a group that reads the topic, and how it ends. */
  newGroupMember?(group: string, topic: string, clientId: string): Promise<() => Promise<void>>;
}

/** Addresses on which nobody listens, and somebody may. */
export async function freshAddresses(): Promise<Substitutions> {
  const { sockets } = nodeRuntime;
  const drop = (connection: { destroy(): void }) => connection.destroy();
  const held = [
    await sockets.listen({ host: '127.0.0.1', port: 0 }, drop),
    await sockets.listen({ host: '127.0.0.1', port: 0 }, drop),
  ];
  const [first, second] = held.map(({ port }) => `localhost:${port}`);
  await Promise.all(held.map((listener) => listener.close()));
  return { FRESH: first as string, FRESH_CONTROLLER: second as string };
}

/** What is the same for every broker. `named`: addresses by the names of the placeholders. */
export function worldValues(bootstrap: string, named: Substitutions, scratch: string): Substitutions {
  return {
    BOOTSTRAP: bootstrap,
    BOOTSTRAP_PORT: bootstrap.split(':')[1] as string,
    DIR: scratch,
    UNREACHABLE: 'localhost:1',
    UNREACHABLE_PORT: '1',
    CLUSTER_ID: 'abcdefghijklmnopqrstuv',
    CLUSTER_ID3: 'abcdefghijklmnopqrstuw',
    ...named,
  };
}

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'kts-transcripts-'));
}

/** Two embedded brokers: the plain one, and one that neither makes topics by itself nor deletes any. */
export async function embeddedWorld(): Promise<World> {
  const scratch = scratchDirectory();
  const start = (name: string, properties: Readonly<Record<string, string>>): Promise<EmbeddedNode> =>
    startEmbeddedNode({
      dataDirectory: join(scratch, name),
      port: 0,
      controllerPort: 0,
      overrides: new Map(Object.entries({ 'group.initial.rebalance.delay.ms': '0', ...properties })),
      runtime: nodeRuntime,
      // Silent, but with levels that can be changed.
      logger: createLogger({ name: 'kafka.server.KafkaApis', nowMs: () => 0, write: () => undefined }),
      hostname: 'localhost',
      onFatal: (cause) => {
        throw cause;
      },
    });
  const broker = await start('broker', { 'offsets.topic.num.partitions': '5' });
  const noAuto = await start('no-auto', { 'auto.create.topics.enable': 'false', 'delete.topic.enable': 'false' });
  const fresh = await freshAddresses();
  const bootstrap = broker.bootstrapServers;
  const controller = `127.0.0.1:${broker.listeners.find(({ name }) => name === 'CONTROLLER')?.port}`;
  return {
    bootstrap,
    values: worldValues(bootstrap, { ...fresh, NO_AUTO: noAuto.bootstrapServers, CONTROLLER: controller }, scratch),
    scratch,
    hasNewGroups: false,
    hasQuotas: false,
    hasAuthorizer: false,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([broker.stop(), noAuto.stop()]);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** One of our commands in the own manner, which must succeed. */
export async function own(bootstrap: string, words: readonly string[], stdin = ''): Promise<string> {
  const run = await runTool([...words, '--bootstrap-server', bootstrap], { stdin });
  if (run.exitCode !== 0) throw new Error(`${words.join(' ')}: ${run.stderr}`);
  return run.stdout;
}
