import { describe, expect, it } from 'vitest';
import { ApiKey } from '../../src/protocol/api-keys.ts';
import { decodeMessage } from '../../src/protocol/codec.ts';
import {
  decodeRequestHeader,
  decodeResponseFrame,
  encodeRequestFrame,
  encodeResponseFrame,
} from '../../src/protocol/frames.ts';
import { ProtocolError } from '../../src/protocol/kafka-error.ts';
import { apiVersionsRequest, apiVersionsResponse } from '../../src/protocol/messages/api-versions.ts';
import { fetchResponse } from '../../src/protocol/messages/fetch.ts';
import { metadataRequest, metadataResponse } from '../../src/protocol/messages/metadata.ts';
import { produceRequest } from '../../src/protocol/messages/produce.ts';
import { saslHandshakeRequest } from '../../src/protocol/messages/sasl-handshake.ts';

const header = { correlationId: 7, clientId: 'me' };
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('request frames', () => {
  it('have header version 1 before the flexible versions', () => {
    expect(encodeRequestFrame(metadataRequest, 1, header, { topics: null })).toEqual(
      hex('00000010 0003 0001 00000007 0002 6d65 ffffffff'),
    );
  });

  it('have header version 2 from them on, where the client id is still not compact', () => {
    expect(encodeRequestFrame(metadataRequest, 9, header, { topics: null })).toEqual(
      hex('00000012 0003 0009 00000007 0002 6d65 00 00 01 00 00 00'),
    );
  });

  it('may lack a client id', () => {
    const frame = encodeRequestFrame(apiVersionsRequest, 0, { correlationId: 1, clientId: null }, {});
    expect(frame).toEqual(hex('0000000a 0012 0000 00000001 ffff'));
    expect(decodeRequestHeader(frame.subarray(4))).toEqual({
      apiKey: 18,
      apiVersion: 0,
      correlationId: 1,
      clientId: null,
      bodyStart: 10,
    });
  });

  it('are read back', () => {
    for (const version of [0, 8, 9, 13]) {
      const topics = [{ name: 'a' }];
      const frame = encodeRequestFrame(metadataRequest, version, header, { topics }).subarray(4);
      const { bodyStart, ...rest } = decodeRequestHeader(frame);
      expect(rest).toEqual({ apiKey: 3, apiVersion: version, ...header });
      expect(decodeMessage(metadataRequest, version, frame, bodyStart).topics).toMatchObject(topics);
    }
  });

  it('skip tagged fields of the header', () => {
    const frame = hex('0003 0009 00000007 0002 6d65 02 0003aabbcc 0500');
    expect(decodeRequestHeader(frame)).toMatchObject({ clientId: 'me', bodyStart: frame.length });
  });

  it('of a version to come are read as flexible: ApiVersions must be answered', () => {
    expect(decodeRequestHeader(hex('0012 0063 00000007 0002 6d65 00 ffff'))).toEqual({
      apiKey: ApiKey.ApiVersions,
      apiVersion: 99,
      correlationId: 7,
      clientId: 'me',
      bodyStart: 13,
    });
  });

  it('of an API that never became flexible keep header version 1', () => {
    const frame = encodeRequestFrame(saslHandshakeRequest, 1, header, { mechanism: 'PLAIN' }).subarray(4);
    expect(decodeRequestHeader(frame).bodyStart).toBe(12);
  });

  it('of unknown APIs, cut headers and negative versions are refused or read, never worse', () => {
    expect(() => decodeRequestHeader(hex('0004 0000 00000007 ffff'))).toThrow(ProtocolError);
    expect(() => decodeRequestHeader(hex('ffff 0000 00000007 ffff'))).toThrow(ProtocolError);
    const whole = hex('0003 0009 00000007 0002 6d65 00');
    for (let cut = 0; cut < whole.length; cut++) {
      expect(() => decodeRequestHeader(whole.subarray(0, cut))).toThrow(ProtocolError);
    }
    expect(decodeRequestHeader(hex('0003 ffff 00000007 ffff')).apiVersion).toBe(-1);
  });

  it('carry records without passing them through a copy of the message', () => {
    const batch = Buffer.alloc(100_000, 5);
    const topicData = [{ name: 't', partitionData: [{ index: 0, records: batch }] }];
    const frame = encodeRequestFrame(produceRequest, 9, header, { acks: -1, timeoutMs: 1, topicData }).subarray(4);
    const body = decodeMessage(produceRequest, 9, frame, decodeRequestHeader(frame).bodyStart);
    const records = body.topicData[0]?.partitionData[0]?.records as Buffer;
    expect(records.equals(batch)).toBe(true);
    expect(records.buffer).toBe(frame.buffer);
  });
});

describe('response frames', () => {
  it('have header version 0 before the flexible versions and 1 from them on', () => {
    const value = { brokers: [], topics: [] };
    expect(encodeResponseFrame(metadataResponse, 0, 7, value)).toEqual(hex('0000000c 00000007 00000000 00000000'));
    const frame = encodeResponseFrame(metadataResponse, 9, 7, value);
    expect(frame.subarray(0, 9)).toEqual(hex('00000015 00000007 00'));
    expect(decodeResponseFrame(metadataResponse, 9, frame.subarray(4))).toMatchObject({
      correlationId: 7,
      body: value,
    });
  });

  it('of ApiVersions always have header version 0', () => {
    const frame = encodeResponseFrame(apiVersionsResponse, 3, 7, { errorCode: 35, apiKeys: [] });
    expect(frame).toEqual(hex('0000000c 00000007 0023 01 00000000 00'));
    expect(decodeResponseFrame(apiVersionsResponse, 3, frame.subarray(4)).body.errorCode).toBe(35);
  });

  it('let sources of records write themselves into the one exact frame', () => {
    const written: [Uint8Array, number][] = [];
    const source = (size: number, fill: number) => ({
      sizeInBytes: size,
      copyTo(target: Uint8Array, position: number) {
        written.push([target, position]);
        target.fill(fill, position, position + size);
        // A source may itself encode: the scratch is free by then.
        encodeRequestFrame(metadataRequest, 9, header, { topics: null });
      },
    });
    const partition = (partitionIndex: number, records: unknown) =>
      ({ partitionIndex, errorCode: 0, highWatermark: 1, abortedTransactions: null, records }) as never;
    const partitions = [
      partition(0, source(3, 1)),
      partition(1, null),
      partition(2, Buffer.from([2, 2])),
      partition(3, source(0, 3)),
      partition(4, source(200, 4)),
    ];
    const asked: Buffer[] = [];
    const frame = encodeResponseFrame(
      fetchResponse,
      12,
      9,
      { throttleTimeMs: 0, responses: [{ topic: 't', partitions }] },
      (size) => {
        const allocated = Buffer.alloc(size, 0xee);
        asked.push(allocated);
        return allocated;
      },
    );
    expect(asked).toEqual([frame]);
    expect(written.map(([target]) => target === frame)).toEqual([true, true]);
    const { body } = decodeResponseFrame(fetchResponse, 12, frame.subarray(4));
    expect(body.responses[0]?.partitions.map((data) => data.records)).toEqual([
      Buffer.alloc(3, 1),
      null,
      Buffer.from([2, 2]),
      Buffer.alloc(0),
      Buffer.alloc(200, 4),
    ]);
    expect(frame.readInt32BE(0)).toBe(frame.length - 4);
  });

  it('must get a frame of the size that was asked for', () => {
    expect(() =>
      encodeResponseFrame(metadataResponse, 0, 7, { brokers: [], topics: [] }, () => Buffer.alloc(3)),
    ).toThrow(RangeError);
  });

  it('beyond two gigabytes are refused before they are allocated', () => {
    const huge = { sizeInBytes: 2 ** 31 - 1, copyTo: () => undefined };
    const partition = { partitionIndex: 0, errorCode: 0, highWatermark: 1, abortedTransactions: null, records: huge };
    expect(() =>
      encodeResponseFrame(fetchResponse, 12, 9, {
        throttleTimeMs: 0,
        responses: [{ topic: 't', partitions: [partition] }],
      }),
    ).toThrow(ProtocolError);
  });
});
