/**
 * Kafka's tools in one virtual machine, for checks that run hundreds of them: see ToolLoop.java. It is compiled when it
 * starts, which needs a JDK.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import type { Finished } from './tools.ts';
import { CLASSES, KAFKA_JARS } from './tools.ts';

/** The tools that only these checks run. */
const MORE_CLASSES: Readonly<Record<string, string>> = {
  groups: 'org.apache.kafka.tools.GroupsCommand',
  cluster: 'org.apache.kafka.tools.ClusterTool',
  'leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'client-metrics': 'org.apache.kafka.tools.ClientMetricsCommand',
  'e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'streams-application-reset': 'org.apache.kafka.tools.StreamsResetter',
  'verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
  transactions: 'org.apache.kafka.tools.TransactionsCommand',
  acls: 'org.apache.kafka.tools.AclCommand',
  'share-groups': 'org.apache.kafka.tools.consumer.group.ShareGroupCommand',
  'delegation-tokens': 'org.apache.kafka.tools.DelegationTokenCommand',
};

const SOURCE = path.resolve(import.meta.dirname, '../kafka/ToolLoop.java');
const LOG4J = path.resolve(import.meta.dirname, '../kafka/log4j2.yaml');
/** Loaded anew for each run, since the tools keep what they count in statics. */
const FRESH_JARS = ['kafka-tools-4.3.1.jar', 'kafka_2.13-4.3.1.jar'];
const END_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;

/** Whether this machine's Java can run a source file. */
export function hasCompiler(): boolean {
  if (KAFKA_JARS === undefined) return false;
  const modules = spawnSync('java', ['--list-modules'], { encoding: 'utf8' });
  return modules.status === 0 && modules.stdout.includes('jdk.compiler');
}

const encode = (text: string | Buffer) => `=${Buffer.from(text).toString('base64')}`;
const decode = (word: string) => Buffer.from(word.slice(1), 'base64').toString();

export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** A tool that runs until it is stopped. */
export interface RunningTool {
  readonly finished: Promise<Finished>;
  printed(): Promise<Printed>;
  /** What SIGTERM does: the tool's shutdown hooks. */
  stop(): Promise<Finished>;
}

export class ToolLoop {
  #child: ChildProcess | null = null;
  readonly #ends = new Map<string, PromiseWithResolvers<Finished>>();
  readonly #peeks = new Map<string, PromiseWithResolvers<Printed>>();
  #errors = '';
  #count = 0;

  /** The machine; a new one when the last was ended, because a tool did not come to its end. */
  #machine(): ChildProcess {
    if (this.#child !== null) return this.#child;
    const options = ['-Xmx256M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8'];
    const logging = [
      `-Dlog4j2.configurationFile=${LOG4J}`,
      '-Dlog4j2.contextSelector=org.apache.logging.log4j.core.selector.BasicContextSelector',
    ];
    const fresh = FRESH_JARS.map((jar) => `${KAFKA_JARS}/${jar}`);
    const child = spawn('java', [...options, ...logging, '-cp', classPath(), SOURCE, ...fresh]);
    child.stderr.on('data', (bytes) => {
      this.#errors += String(bytes);
    });
    readline.createInterface({ input: child.stdout }).on('line', (line) => this.#answer(line));
    child.on('close', () => this.#fail());
    child.stdin.on('error', () => {});
    this.#child = child;
    return child;
  }

  /** Runs one tool to its end. */
  async run(tool: string, args: readonly string[], input: string | Buffer = ''): Promise<Finished> {
    const running = this.start(tool, args, input);
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), END_TIMEOUT_MS);
    try {
      return await running.finished;
    } finally {
      clearTimeout(timer);
    }
  }

  start(tool: string, args: readonly string[], input: string | Buffer = ''): RunningTool {
    const name = `run-${this.#count++}`;
    const end = Promise.withResolvers<Finished>();
    this.#ends.set(name, end);
    this.#command('run', name, CLASSES[tool] ?? MORE_CLASSES[tool] ?? tool, encode(input), ...args.map(encode));
    return {
      finished: end.promise,
      printed: () => {
        const peek = Promise.withResolvers<Printed>();
        this.#peeks.set(name, peek);
        this.#command('peek', name);
        return peek.promise;
      },
      stop: async () => {
        this.#command('stop', name);
        const timer = setTimeout(() => this.#child?.kill('SIGKILL'), STOP_TIMEOUT_MS);
        const finished = await end.promise;
        clearTimeout(timer);
        return finished;
      },
    };
  }

  close(): void {
    this.#child?.stdin?.end();
  }

  #command(...words: readonly string[]): void {
    this.#machine().stdin!.write(`${words.join(' ')}\n`);
  }

  #answer(line: string): void {
    const [kind, name, ...words] = line.split(' ') as [string, string, ...string[]];
    if (kind === 'peek') {
      this.#peeks.get(name)?.resolve({ stdout: decode(words[0]!), stderr: decode(words[1]!) });
      return;
    }
    const [code, stdout, stderr] = words as [string, string, string];
    this.#ends.get(name)?.resolve({ code: Number(code), stdout: decode(stdout), stderr: decode(stderr) });
    this.#ends.delete(name);
  }

  #fail(): void {
    this.#child = null;
    for (const end of this.#ends.values()) end.reject(new Error(`the tools' machine has ended: ${this.#errors}`));
    this.#ends.clear();
    this.#errors = '';
  }
}

/** All jars but those that are loaded for each run. */
function classPath(): string {
  const kept = fs.readdirSync(KAFKA_JARS!).filter((jar) => jar.endsWith('.jar') && !FRESH_JARS.includes(jar));
  return kept.map((jar) => `${KAFKA_JARS}/${jar}`).join(':');
}
