/** `topics --describe` as a whole process: kts against kts, Kafka's tool against Kafka, and each against the other's node. */
import process from 'node:process';
import { type Broker, type EngineName, KTS_BIN } from '../harness/broker.ts';
import { javaArguments, run } from '../harness/programs.ts';
import type { Session, SharedLoad } from '../harness/session.ts';

/** Milliseconds of one describe of everything on `broker` with the tool of `tool`. */
export async function describeOnce(session: Session, tool: EngineName, broker: Broker): Promise<number> {
  const words = ['--bootstrap-server', broker.bootstrap, '--describe'];
  const [command, args] =
    tool === 'kts'
      ? [process.execPath, [KTS_BIN, 'topics', ...words]]
      : ['java', javaArguments(session.kafkaJars, 'topics', words)];
  const { stdout, wallMs } = await run(command, args);
  if (!stdout.includes('PartitionCount:')) throw new Error(`nothing was described: ${stdout.slice(0, 200)}`);
  return wallMs;
}

export const describe: SharedLoad = {
  rows: [
    {
      key: 'describe',
      title: 'topics --describe, whole process, own node, ms',
      better: 'less',
      ratio: 'times',
      must: { ratio: 8 },
      aim: { ratio: 12 },
    },
    {
      key: 'describe-cross',
      title: '  the same tools, each against the other node, ms',
      better: 'less',
      ratio: 'times',
    },
  ],
  run: async (broker, session) => {
    await session.once(broker, 'described', () => broker.createTopic('described', 10));
    const readings: Record<string, number> = { describe: await describeOnce(session, broker.name, broker) };
    const other = (await session.shared()).find((candidate) => candidate.name !== broker.name);
    if (other !== undefined) {
      await session.once(other, 'described', () => other.createTopic('described', 10));
      readings['describe-cross'] = await describeOnce(session, broker.name, other);
    }
    return readings;
  },
};
