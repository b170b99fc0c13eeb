/**
 * Frames that real clients and real Kafka nodes sent (recorded by scripts/record-frames.ts; quorum.txt comes from the
 * connections between three nodes): each is decoded and encoded again, byte for byte.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { APIS, type Api } from '../../src/protocol/apis.ts';
import { decodeMessage } from '../../src/protocol/codec.ts';
import {
  decodeRequestHeader,
  decodeResponseFrame,
  encodeRequestFrame,
  encodeResponseFrame,
} from '../../src/protocol/frames.ts';

const DIRECTORY = new URL('../fixtures/frames/', import.meta.url);
const API_BY_NAME = new Map(APIS.map((api) => [api.name, api]));

interface Golden {
  readonly file: string;
  readonly api: Api;
  readonly version: number;
  readonly direction: 'req' | 'rsp';
  /** With the four size bytes. */
  readonly frame: Buffer;
}

function goldenOf(file: string, line: string): Golden {
  const match = /^(\w+) v(\d+) (req|rsp) ([0-9a-f]+)$/.exec(line);
  const api = API_BY_NAME.get(match?.[1] ?? '');
  if (match === null || api === undefined) throw new Error(`${file}: not a frame: ${line.slice(0, 80)}`);
  const direction = match[3] as 'req' | 'rsp';
  return { file, api, version: Number(match[2]), direction, frame: Buffer.from(match[4] as string, 'hex') };
}

const GOLDEN: readonly Golden[] = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.txt'))
  .sort()
  .flatMap((file) =>
    readFileSync(new URL(file, DIRECTORY), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => goldenOf(file, line)),
  );

function again({ api, version, direction, frame }: Golden): Buffer {
  const content = frame.subarray(4);
  if (direction === 'rsp') {
    const { correlationId, body } = decodeResponseFrame(api.response, version, content);
    return encodeResponseFrame(api.response, version, correlationId, body);
  }
  const { bodyStart, ...header } = decodeRequestHeader(content);
  expect(header).toMatchObject({ apiKey: api.key, apiVersion: version });
  return encodeRequestFrame(api.request, version, header, decodeMessage(api.request, version, content, bodyStart));
}

describe('golden frames', () => {
  it.each(
    GOLDEN.map((golden, i) => [i, golden.file, golden.api.name, golden.version, golden.direction, golden] as const),
  )('%i %s: %s v%i %s', (_i, _file, _name, _version, _direction, golden) => {
    expect(again(golden).toString('hex')).toBe(golden.frame.toString('hex'));
  });

  it('come from every client', () => {
    const count = (file: string) =>
      new Set(GOLDEN.filter((golden) => golden.file === file).map(({ api }) => api.key)).size;
    expect(count('java.txt')).toBeGreaterThan(45);
    expect(count('kcat.txt')).toBeGreaterThan(10);
    expect(count('kafkajs.txt')).toBeGreaterThan(20);
    expect(count('node.txt')).toBeGreaterThan(5);
    expect(count('quorum.txt')).toBeGreaterThan(10);
  });

  it('hold what the clients said', () => {
    const request = (file: string, name: string): unknown => {
      const { api, version, frame } = GOLDEN.find(
        (golden) =>
          golden.file === file && golden.api.name === name && golden.direction === 'req' && golden.version >= 3,
      ) as Golden;
      const content = frame.subarray(4);
      return decodeMessage(api.request, version, content, decodeRequestHeader(content).bodyStart);
    };
    expect(request('java.txt', 'ApiVersions')).toEqual({
      clientSoftwareName: 'apache-kafka-java',
      clientSoftwareVersion: '4.3.1',
    });
    expect(request('kcat.txt', 'ApiVersions')).toMatchObject({ clientSoftwareName: 'librdkafka' });
  });
});
