/** Consumers: Kafka's performance tool with warm and cold files, and kcat with its queue raised and as it comes. */
import type { Broker } from '../harness/broker.ts';
import { type BatchShape, fill } from '../harness/producing.ts';
import { forgetCached, javaArguments, run } from '../harness/programs.ts';
import type { Limit, Row } from '../harness/rows.ts';
import type { Readings, Session, SharedLoad } from '../harness/session.ts';

interface Data {
  readonly topic: string;
  readonly records: number;
  readonly shape: Omit<BatchShape, 'topic'>;
}

/** Batches as the Java producer makes them: of 64 KB and of 16 KB. */
const OF_1_KB: Data = { topic: 'data-1k', records: 500_000, shape: { records: 62, recordBytes: 1024 } };
const OF_100_B: Data = { topic: 'data-100', records: 2_000_000, shape: { records: 150, recordBytes: 100 } };

async function filled(broker: Broker, session: Session, { topic, records, shape }: Data): Promise<number> {
  const count = session.count(records);
  await session.once(broker, topic, async () => {
    await broker.createTopic(topic);
    await fill(broker.port, { topic, ...shape }, count);
  });
  return count;
}

/** The tool's own figure for fetching, which leaves out the time that joining the group takes. */
async function consumerPerf(broker: Broker, session: Session, topic: string, records: number): Promise<number> {
  const args = ['--bootstrap-server', broker.bootstrap, '--topic', topic, '--num-records', `${records}`];
  const words = [...args, '--hide-header', '--timeout', '20000'];
  const { stdout } = await run('java', javaArguments(session.kafkaJars, 'consumer-perf-test', words));
  const last = stdout.trim().split('\n').at(-1) ?? '';
  const fields = last.split(',').map((field) => field.trim());
  if (fields.length !== 10 || Number(fields[4]) < records) throw new Error(`consumer-perf-test printed: ${last}`);
  return Number(fields[8]);
}

interface Consume {
  readonly key: string;
  readonly title: string;
  readonly data: Data;
  readonly cold?: boolean;
  readonly must: Limit;
  readonly aim: Limit;
}

function consume({ key, title, data, cold = false, must, aim }: Consume): SharedLoad {
  return {
    rows: [
      {
        key,
        title: `consumer-perf-test, ${title}, fetch.MB.sec`,
        better: 'more',
        ratio: 'times',
        digits: 1,
        must,
        aim,
      },
      {
        key: `${key}-cpu`,
        title: `  its CPU seconds of the broker (${title})`,
        better: 'less',
        ratio: 'share',
        digits: 2,
      },
    ],
    run: async (broker, session) => {
      const records = await filled(broker, session, data);
      if (cold) forgetCached(broker.segments(data.topic));
      const before = broker.cpuSeconds();
      const rate = await consumerPerf(broker, session, data.topic, records);
      return { [key]: rate, [`${key}-cpu`]: broker.cpuSeconds() - before };
    },
  };
}

export const consume1k = consume({
  key: 'consume-1k',
  title: '1 KB, warm',
  data: OF_1_KB,
  must: { ratio: 1.3 },
  aim: { ratio: 2 },
});
export const consume100 = consume({
  key: 'consume-100',
  title: '100 B',
  data: OF_100_B,
  must: { ratio: 1 },
  aim: { ratio: 1.1 },
});
export const consumeCold = consume({
  key: 'consume-cold',
  title: '1 KB, cold',
  data: OF_1_KB,
  cold: true,
  must: { ratio: 1 },
  aim: { ratio: 1.15 },
});

function kcatConsume(row: Row, options: readonly string[]): SharedLoad {
  return {
    rows: [row],
    run: async (broker, session): Promise<Readings> => {
      await filled(broker, session, OF_100_B);
      const args = ['-C', '-b', broker.bootstrap, '-t', OF_100_B.topic, '-p', '0', '-o', 'beginning', '-e', '-q'];
      const { wallMs } = await run('kcat', [...args, ...options], { discard: true });
      return { [row.key]: wallMs / 1000 };
    },
  };
}

const KCAT_ROW = { better: 'less', ratio: 'share', digits: 2 } as const;

export const kcatRaised = kcatConsume(
  {
    key: 'kcat-c-raised',
    title: 'kcat -C, 100 B, queued.min.messages raised, s',
    ...KCAT_ROW,
    must: { ratio: 1.1 },
    aim: { ratio: 1 },
  },
  ['-X', 'queued.min.messages=1000000'],
);
export const kcatDefaults = kcatConsume(
  { key: 'kcat-c', title: 'kcat -C, 100 B, defaults, s', ...KCAT_ROW, must: { ratio: 1 }, aim: { ratio: 0.5 } },
  [],
);
