/**
 * Run by bench/codec.ts in a fresh process: the CPU time, in microseconds, that the codecs of a short command take from
 * cold, as `topics --describe` has them, each used once. `closures` or `generated` says in which form.
 */
import {
  closureDecoder,
  closureEncoder,
  type DecodeFunction,
  type EncodeFunction,
  generatedDecoder,
  generatedEncoder,
} from '../src/protocol/compiler/compile.ts';
import { planMessage } from '../src/protocol/compiler/plan.ts';
import { Writer } from '../src/protocol/compiler/writer.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../src/protocol/messages/api-versions.ts';
import { describeConfigsRequest, describeConfigsResponse } from '../src/protocol/messages/describe-configs.ts';
import {
  describeTopicPartitionsRequest,
  describeTopicPartitionsResponse,
} from '../src/protocol/messages/describe-topic-partitions.ts';
import { metadataRequest, metadataResponse } from '../src/protocol/messages/metadata.ts';
import type { Message } from '../src/protocol/schema.ts';

const generated = process.argv[2] === 'generated';

const USES: readonly (readonly [Message, Message, number, unknown, unknown])[] = [
  [
    apiVersionsRequest,
    apiVersionsResponse,
    4,
    { clientSoftwareName: 'kts', clientSoftwareVersion: '1' },
    { errorCode: 0, apiKeys: [{ apiKey: 0, minVersion: 0, maxVersion: 1 }] },
  ],
  [metadataRequest, metadataResponse, 13, { topics: null }, { brokers: [], topics: [] }],
  [
    describeTopicPartitionsRequest,
    describeTopicPartitionsResponse,
    0,
    { topics: [{ name: 'a' }], responsePartitionLimit: 100 },
    { throttleTimeMs: 0, topics: [] },
  ],
  [
    describeConfigsRequest,
    describeConfigsResponse,
    4,
    { resources: [{ resourceType: 2, resourceName: 'a', configurationKeys: null }] },
    { throttleTimeMs: 0, results: [] },
  ],
];

function encode(message: Message, version: number, value: unknown): Buffer {
  const plan = planMessage(message, version);
  const made = generated ? generatedEncoder(plan, version) : closureEncoder(plan, version);
  const writer = new Writer();
  writer.start();
  (made as EncodeFunction)(writer, value);
  return writer.finish(Buffer.allocUnsafe);
}

function decode(message: Message, version: number, bytes: Buffer): void {
  const plan = planMessage(message, version);
  const made = generated ? generatedDecoder(plan, version) : closureDecoder(plan);
  (made as DecodeFunction)(bytes, 0, bytes.length, { position: 0 });
}

// What the broker would have answered, made by closures outside the measured time.
const answers = USES.map(([, response, version, , value]) => {
  const writer = new Writer();
  writer.start();
  closureEncoder(planMessage(response, version), version)(writer, value);
  return writer.finish(Buffer.allocUnsafe);
});

const before = process.cpuUsage();
USES.forEach(([request, response, version, value], i) => {
  encode(request, version, value);
  decode(response, version, answers[i] as Buffer);
});
const { user, system } = process.cpuUsage(before);
console.log(user + system);
