/** The recorded runs of kafka-cluster.sh, replayed in the strict manner. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { claimPorts } from '../../src/console/cluster/free-ports.ts';
import { nodeRuntime } from '../../src/runtime/node-runtime.ts';
import { readTranscript, type Substitutions } from '../support/transcripts.ts';
import { replay } from './replay.ts';

/** Differs on purpose. */
const ONE_LINE = 'one line, not wrapped at 80 columns';
const DIFFERENT: Readonly<Record<string, string>> = {
  'cluster-id-missing-bootstrap': ONE_LINE,
  'cluster-id-both': ONE_LINE,
  'unregister-bad': ONE_LINE,
  'unknown-command': ONE_LINE,
  'config-and-command-config': 'not a second time, as the head of a stack trace',
  help: 'the page in our own words',
};

let broker: Broker;
let scratch: string;
let values: Substitutions;

beforeAll(async () => {
  const [port = 0, controllerPort = 0] = await claimPorts(nodeRuntime, ['both']);
  broker = await startBroker({
    port,
    properties: {
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://localhost:${port},CONTROLLER://localhost:${controllerPort}`,
      'controller.quorum.voters': `1@localhost:${controllerPort}`,
    },
  });
  scratch = mkdtempSync(join(tmpdir(), 'kts-cluster-transcripts-'));
  values = {
    BOOTSTRAP: `localhost:${port}`,
    BOOTSTRAP_PORT: String(port),
    CONTROLLER: `localhost:${controllerPort}`,
    CONTROLLER_PORT: String(controllerPort),
    DIR: scratch,
  };
});

afterAll(async () => {
  await broker?.stop();
  if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
});

const cases = readTranscript('cluster').filter(({ id }) => DIFFERENT[id] === undefined);

it.each(cases.map((test) => [test.id, test] as const))('%s', async (_, test) => {
  expect(await replay(test, values)).toBeUndefined();
});
