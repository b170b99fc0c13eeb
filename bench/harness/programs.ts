/** Runs programs and reads what the system knows of them: wall time, CPU seconds, resident memory. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const LOG4J = path.resolve(import.meta.dirname, '../../test/conformance/kafka/log4j2.yaml');
const TICKS_PER_SECOND = 100;

const CLASSES = {
  'server-start': 'kafka.Kafka',
  storage: 'kafka.tools.StorageTool',
  topics: 'org.apache.kafka.tools.TopicCommand',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
} as const;
export type KafkaTool = keyof typeof CLASSES;

/** What Kafka's own scripts give each of them. */
const HEAPS: Readonly<Record<KafkaTool, readonly string[]>> = {
  'server-start': ['-Xms1G', '-Xmx1G'],
  storage: ['-Xmx256M'],
  topics: ['-Xmx256M'],
  'console-producer': ['-Xmx512M'],
  'console-consumer': ['-Xmx512M'],
  'consumer-groups': ['-Xmx256M'],
  'producer-perf-test': ['-Xmx512M'],
  'consumer-perf-test': ['-Xmx512M'],
};
const JVM = [
  ...['-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', '-XX:InitiatingHeapOccupancyPercent=35'],
  ...['-XX:+ExplicitGCInvokesConcurrent', '-XX:MaxInlineLevel=15', '-Djava.awt.headless=true'],
];

/** The words after `java` that run one of Kafka's programs as its scripts do. */
export function javaArguments(jars: string, tool: KafkaTool, args: readonly string[]): string[] {
  const level = tool === 'server-start' ? 'INFO' : 'WARN';
  const log = [`-Dlog4j2.configurationFile=${LOG4J}`, `-Dkts.log.level=${level}`];
  return [...HEAPS[tool], ...JVM, ...log, '-cp', `${jars}/*`, CLASSES[tool], ...args];
}

/** Neither engine is to be configured by what happens to stand in the environment. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(KAFKA_|KTS_|NODE_OPTIONS$|JAVA_TOOL)/.test(name));
  return Object.fromEntries(kept);
}

export interface Finished {
  readonly stdout: string;
  readonly wallMs: number;
}

export interface RunOptions {
  /** A file as standard input. */
  readonly inputFile?: string;
  /** Where the output is of no interest it goes nowhere at all, so that reading it costs nothing. */
  readonly discard?: boolean;
  readonly timeoutMs?: number;
}

/** Runs a program that is expected to succeed; its time is that of the whole process. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const input = options.inputFile === undefined ? 'ignore' : fs.openSync(options.inputFile, 'r');
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: [input, options.discard ? 'ignore' : 'pipe', 'pipe'],
    env: plainEnvironment(),
    timeout: options.timeoutMs ?? 300_000,
  });
  if (typeof input === 'number') fs.closeSync(input);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  const code = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  const wallMs = performance.now() - started;
  const stdout = Buffer.concat(out).toString();
  if (code !== 0) {
    const said = `${Buffer.concat(err)}${stdout}`.trim().split('\n').slice(-3).join(' | ');
    throw new Error(`${path.basename(command)} ended with ${code}: ${said}`);
  }
  return { stdout, wallMs };
}

/** User and system time of a process so far, in hundredths of a second precisely. */
export function cpuSeconds(pid: number): number {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function residentMegabytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'));
  return Number(line?.[1]) / 1024;
}

/** Writes out what is dirty, so that one measurement does not pay for the one before. */
export function settleDisk(): void {
  spawnSync('sync');
}

/** Makes the page cache forget the files (posix_fadvise(DONTNEED), which needs them written out before). */
export function forgetCached(files: readonly string[]): void {
  for (const file of files) {
    const result = spawnSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (result.status !== 0) throw new Error(`dd could not drop ${file}: ${result.stderr}`);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
