/** Runs foreign programs: Kafka's own tools from their jars, and kcat. What scripts/conformance.mjs found decides which. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

/** The directory with Kafka's jars; undefined where there is no Java. */
export const KAFKA_JARS = process.env['KTS_TEST_KAFKA_JARS'];
export const HAS_KCAT = process.env['KTS_TEST_KCAT'] !== undefined;

const LOG4J = path.resolve(import.meta.dirname, '../kafka/log4j2.yaml');
export const CLASSES: Readonly<Record<string, string>> = {
  'server-start': 'kafka.Kafka',
  storage: 'kafka.tools.StorageTool',
  topics: 'org.apache.kafka.tools.TopicCommand',
  configs: 'kafka.admin.ConfigCommand',
  'console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'dump-log': 'org.apache.kafka.tools.DumpLogSegments',
  'get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'metadata-quorum': 'org.apache.kafka.tools.MetadataQuorumCommand',
  features: 'org.apache.kafka.tools.FeatureCommand',
  'broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
  'verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
};

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function finish(command: string, args: readonly string[], input: string | Buffer = ''): Promise<Finished> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr.on('data', (bytes: Buffer) => err.push(bytes));
  // A program that does not read its input is no failure of the test.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
}

/** The words after `java` that run one of Kafka's programs. */
export function javaArguments(tool: string, args: readonly string[]): string[] {
  const quick = ['-Xmx512M', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const main = CLASSES[tool] ?? tool;
  return [...quick, `-Dlog4j2.configurationFile=${LOG4J}`, '-cp', `${KAFKA_JARS}/*`, main, ...args];
}

export function kafka(tool: string, args: readonly string[], input?: string | Buffer): Promise<Finished> {
  return finish('java', javaArguments(tool, args), input);
}

/** Runs one of Kafka's tools that is expected to succeed; resolves with what it printed. */
export async function kafkaOk(tool: string, args: readonly string[], input?: string | Buffer): Promise<string> {
  const result = await kafka(tool, args, input);
  if (result.code !== 0) throw new Error(`kafka-${tool} ended with ${result.code}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

export async function kcatOk(args: readonly string[], input?: string | Buffer): Promise<string> {
  const result = await finish('kcat', args, input);
  if (result.code !== 0) throw new Error(`kcat ended with ${result.code}: ${result.stderr}`);
  return result.stdout;
}
