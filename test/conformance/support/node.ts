/**
 * A running node for the conformance checks: kts from the build, or Apache Kafka on the same directory and properties.
 * KTS_TEST_TARGET=kafka runs every check against Apache Kafka, which proves the checks themselves.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { freePort } from '../../support/free-port.ts';
import { type Finished, finish, javaArguments, kafka } from './tools.ts';

export type Engine = 'kts' | 'kafka';

export const TARGET: Engine = process.env['KTS_TEST_TARGET'] === 'kafka' ? 'kafka' : 'kts';
const BIN = path.resolve(import.meta.dirname, '../../../bin/kts.js');
const READY_TIMEOUT_MS = 60_000;

export function kts(args: readonly string[], input?: string | Buffer): Promise<Finished> {
  return finish(process.execPath, [BIN, ...args], input);
}

/** A directory with a properties file and a formatted log directory; either engine runs on it. */
export interface Home {
  readonly bootstrap: string;
  readonly controller: string;
  readonly properties: string;
  readonly logDirectory: string;
  remove(): void;
}

export async function makeHome(extra: Readonly<Record<string, string>> = {}, engine = TARGET): Promise<Home> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'kts-conformance-'));
  const port = await freePort();
  const controllerPort = await freePort();
  const logDirectory = path.join(directory, 'data');
  const properties = path.join(directory, 'server.properties');
  const keys: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    'log.dirs': logDirectory,
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '5',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    ...extra,
  };
  const text = Object.entries(keys).map(([key, value]) => `${key}=${value}\n`);
  fs.writeFileSync(properties, text.join(''));
  const format = ['format', '--standalone', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties];
  const run = engine === 'kafka' ? kafka('storage', format) : kts(['storage', ...format]);
  const result = await run;
  if (result.code !== 0) throw new Error(`formatting ended with ${result.code}: ${result.stdout}${result.stderr}`);
  return {
    bootstrap: `127.0.0.1:${port}`,
    controller: `127.0.0.1:${controllerPort}`,
    properties,
    logDirectory,
    remove: () => fs.rmSync(directory, { recursive: true, force: true }),
  };
}

export interface RunningNode {
  readonly output: () => string;
  readonly child: ChildProcess;
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>;
}

function accepts(address: string): Promise<boolean> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), host);
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

export async function startNode(home: Home, engine = TARGET): Promise<RunningNode> {
  const args = [home.properties];
  const child =
    engine === 'kafka'
      ? spawn('java', javaArguments('server-start', args), { stdio: ['ignore', 'pipe', 'pipe'] })
      : spawn(process.execPath, [BIN, 'server-start', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (bytes: Buffer) => {
    output += bytes.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve));
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await accepts(home.bootstrap))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${engine} did not start: ${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    output: () => output,
    child,
    stop: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}
