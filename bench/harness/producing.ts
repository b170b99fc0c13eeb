/** Produce requests from ready-made frames: the bench's load generator, which spends next to nothing per record. */
import { buildBatch } from '../../src/protocol/batch-builder.ts';
import { decodeResponseFrame, encodeRequestFrame } from '../../src/protocol/frames.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import { sleep } from './programs.ts';
import { WireConnection } from './wire.ts';

const VERSION = 9;
const NOT_LEADER = 6;

/** One line of `bytes` bytes that does not repeat itself much. */
export function lineOf(bytes: number, index: number): string {
  const text = `{"id":${index},"name":"customer ${(index * 7919) % 99_991}","amount":${(index * 104_729) % 1_000_003},"note":"`;
  return `${text}${'abcdefghijklmnopqrstuvwxyz '.repeat(Math.ceil(bytes / 27))}`.slice(0, bytes);
}

export interface BatchShape {
  readonly topic: string;
  readonly partition?: number;
  readonly records: number;
  readonly recordBytes: number;
}

/** A request with acks=all and one batch. */
export function produceFrame({ topic, partition = 0, records, recordBytes }: BatchShape): Buffer {
  const timestamp = Date.now();
  const batch = buildBatch(
    Array.from({ length: records }, (_, i) => ({ value: Buffer.from(lineOf(recordBytes, i)), timestamp })),
  );
  return encodeRequestFrame(
    produceRequest,
    VERSION,
    { correlationId: 1, clientId: 'bench' },
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index: partition, records: batch }] }],
    },
  );
}

function errorOf(answer: Buffer): number | undefined {
  const { body } = decodeResponseFrame(produceResponse, VERSION, answer);
  return body.responses[0]?.partitionResponses[0]?.errorCode;
}

export function checkProduced(answer: Buffer): void {
  const code = errorOf(answer);
  if (code !== 0) throw new Error(`a Produce was answered with error ${code}`);
}

/** Sends `frame` once, and again while the broker has not yet taken up the partition that its metadata already tell of. */
export async function produceFirst(connection: WireConnection, frame: Buffer): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const code = await Promise.race([
      new Promise<number | undefined>((resolve) => connection.send(frame, (answer) => resolve(errorOf(answer)))),
      connection.closed,
    ]);
    if (code === 0) return;
    if (code !== NOT_LEADER || attempt === 200) throw new Error(`a Produce was answered with error ${code}`);
    await sleep(20);
  }
}

/** Sends `frame` `count` times with up to `inFlight` unanswered; resolves when all are answered. */
export function produceTimes(
  connection: WireConnection,
  frame: Buffer,
  { count, inFlight }: { readonly count: number; readonly inFlight: number },
): Promise<void> {
  let sent = 0;
  let answered = 0;
  const done = new Promise<void>((resolve, reject) => {
    const onAnswer = (answer: Buffer) => {
      try {
        checkProduced(answer);
      } catch (error) {
        return reject(error);
      }
      if (++answered === count) resolve();
      else if (sent < count) send();
    };
    const send = () => {
      sent++;
      connection.send(frame, onAnswer);
    };
    while (sent < Math.min(count, inFlight)) send();
  });
  return Promise.race([done, connection.closed]);
}

/** Fills a topic with `records` records, in batches as a Java producer makes them. */
export async function fill(port: number, shape: BatchShape, records: number): Promise<void> {
  const connection = await WireConnection.connect(port);
  try {
    const frame = produceFrame(shape);
    await produceFirst(connection, frame);
    await produceTimes(connection, frame, { count: Math.ceil(records / shape.records), inFlight: 5 });
  } finally {
    connection.close();
  }
}
