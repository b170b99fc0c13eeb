/** A request server over sockets in memory, with two APIs whose behaviour each test sets. */
import type { AssertionFailure } from '../../src/base/assert.ts';
import type { Logger } from '../../src/base/logger.ts';
import {
  type ApiRow,
  apiRow,
  type HandlerResult,
  handlerTable,
  type RequestContext,
} from '../../src/network/handler.ts';
import { RequestServer, type RequestServerOptions } from '../../src/network/request-server.ts';
import { encodeRequestFrame } from '../../src/protocol/frames.ts';
import { apiVersionsRequest } from '../../src/protocol/messages/api-versions.ts';
import { listGroupsRequest, listGroupsResponse } from '../../src/protocol/messages/list-groups.ts';
import { produceRequest, produceResponse } from '../../src/protocol/messages/produce.ts';
import type { Encodable } from '../../src/protocol/schema.ts';
import { ManualTime } from '../support/manual-time.ts';
import { type MemoryClient, MemorySockets } from '../support/memory-sockets.ts';

export type ListAnswer = Encodable<typeof listGroupsResponse>;
export type ProduceAnswer = Encodable<typeof produceResponse>;

/** What the two APIs of the test server do; each test sets its own. */
export interface Behaviour {
  list(context: RequestContext): HandlerResult<ListAnswer> | Promise<HandlerResult<ListAnswer>>;
  produce(context: RequestContext): HandlerResult<ProduceAnswer> | Promise<HandlerResult<ProduceAnswer>>;
}

export const EMPTY_LIST: ListAnswer = { errorCode: 0, groups: [] };

function rows(behaviour: Behaviour): readonly ApiRow[] {
  return [
    apiRow({
      apiKey: 16,
      name: 'ListGroups',
      request: listGroupsRequest,
      response: listGroupsResponse,
      minVersion: 0,
      maxVersion: 4,
      ordering: 'serial',
      handle: (_request, context) => behaviour.list(context),
      errorResponse: (_request, errorCode) => ({ errorCode, groups: [] }),
    }),
    apiRow({
      apiKey: 0,
      name: 'Produce',
      request: produceRequest,
      response: produceResponse,
      minVersion: 3,
      maxVersion: 12,
      ordering: 'pipelined',
      handle: (_request, context) => behaviour.produce(context),
      errorResponse: () => ({ responses: [] }),
    }),
  ];
}

export function listFrame(correlationId: number, version = 0): Buffer {
  return encodeRequestFrame(listGroupsRequest, version, { correlationId, clientId: 'test' }, {});
}

export function produceFrame(correlationId: number, bytes = 0): Buffer {
  const topicData = [{ name: 't', partitionData: [{ index: 0, records: Buffer.alloc(bytes) }] }];
  return encodeRequestFrame(
    produceRequest,
    7,
    { correlationId, clientId: 'test' },
    { acks: 1, timeoutMs: 1000, topicData },
  );
}

export function apiVersionsFrame(
  correlationId: number,
  version: number,
  name = 'kts',
  softwareVersion = '1.0',
): Buffer {
  const header = { correlationId, clientId: 'test' };
  return encodeRequestFrame(apiVersionsRequest, version, header, {
    clientSoftwareName: version >= 3 ? name : '',
    clientSoftwareVersion: version >= 3 ? softwareVersion : '',
  });
}

export const idsOf = (frames: readonly Buffer[]): number[] => frames.map((frame) => frame.readInt32BE(0));
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Recorder implements Logger {
  readonly lines: string[] = [];
  debug(): void {}
  info(message: string): void {
    this.lines.push(`INFO ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`WARN ${message}`);
  }
  error(message: string): void {
    this.lines.push(`ERROR ${message}`);
  }
  named(): Logger {
    return this;
  }
}

const PORT = 9092;

export class ServerHarness {
  readonly sockets = new MemorySockets();
  readonly time = new ManualTime();
  readonly logger = new Recorder();
  readonly bugs: AssertionFailure[] = [];
  readonly port = PORT;
  behaviour: Behaviour = { list: () => EMPTY_LIST, produce: () => ({ responses: [] }) };
  server!: RequestServer;

  async serve(options: Partial<RequestServerOptions> = {}): Promise<void> {
    this.server = new RequestServer({
      runtime: { clock: this.time, timers: this.time, sockets: this.sockets },
      logger: this.logger,
      socketRequestMaxBytes: 100 * 1024 * 1024,
      features: () => ({
        supported: [
          { name: 'metadata.version', minVersion: 7, maxVersion: 30 },
          { name: 'group.version', minVersion: 0, maxVersion: 1 },
        ],
        finalizedEpoch: 5,
        finalized: [{ name: 'metadata.version', level: 30 }],
      }),
      onBug: (failure) => this.bugs.push(failure),
      ...options,
    });
    const table = handlerTable(rows(this.behaviour));
    await this.server.listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: PORT, table });
  }

  dial(address?: string): MemoryClient {
    return this.sockets.dial(PORT, address);
  }
}
